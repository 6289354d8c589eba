"""A wellbeing coach and the people she talks with between their sessions."""

from wellchat.demo.script import read_script
from wellchat.demo.stories import coach_daniel
from wellchat.demo.story import Person, Story, Subject, Talk

PEOPLE = (
    Person(
        key="maya",
        name="Maya Lindqvist",
        email="maya.lindqvist@example.com",
        role="professional",
        word="Coach",
        time_zone="Europe/Stockholm",
        bio="Wellbeing coach. Sleep, stress, and habits that survive a Monday.",
        main=True,
    ),
    Person(
        key="daniel",
        name="Daniel Okafor",
        email="daniel.okafor@example.com",
        role="client",
        word="Client",
        time_zone="Europe/London",
        bio="Team lead, slow runner, father of a backstroke swimmer.",
        main=True,
    ),
    Person(
        key="aiko",
        name="Aiko Tanabe",
        email="aiko.tanabe@example.com",
        role="client",
        word="Client",
        time_zone="Asia/Tokyo",
        bio="Translator. Writes at night and would like not to.",
    ),
    Person(
        key="tomas",
        name="Tomás Herrera Vidal",
        email="tomas.herrera@example.com",
        role="client",
        word="Client",
        time_zone="Europe/Madrid",
        bio="Runs a small bakery, up at three.",
        away=True,
    ),
    Person(
        key="freya",
        name="Freya Nørgaard",
        email="freya.norgaard@example.com",
        role="client",
        word="Client",
        time_zone="Europe/Copenhagen",
        bio="Nurse on rotating shifts.",
    ),
    Person(
        key="samuel",
        name="Samuel Adeyemi-Clarke",
        email="samuel.adeyemi@example.com",
        role="client",
        word="Client",
        time_zone="Europe/Dublin",
        bio="Cellist. Stage fright, mostly cured.",
    ),
    Person(
        key="ilse",
        name="Ilse Vanderbeke",
        email="ilse.vanderbeke@example.com",
        role="client",
        word="Client",
        time_zone="Europe/Brussels",
        bio="Just looking around.",
    ),
)

SUBJECTS = (
    *(
        Subject(
            key=key,
            kind="session",
            external_id=f"wellio-{1041 + 9 * number}",
            title=title,
            professional="maya",
            client="daniel",
            status="planned" if starts.startswith("+") else "completed",
            starts_at=starts,
            url=f"https://wellio.example/sessions/{1041 + 9 * number}",
        )
        for number, (key, title, starts) in enumerate(
            [
                ("first", "First session", "-140d 17:00"),
                ("second", "Sleep and late meetings", "-126d 17:00"),
                ("third", "What only you can do", "-105d 17:00"),
                ("fourth", "Halfway look back", "-77d 17:00"),
                ("fifth", "The reorganisation", "-42d 17:00"),
                ("sixth", "Letting go of the notebook", "-14d 17:00"),
                ("next", "How we go on", "+7d 17:00"),
            ]
        )
    ),
    Subject(
        key="aiko_next",
        kind="session",
        external_id="wellio-1210",
        title="Second session",
        professional="maya",
        client="aiko",
        status="planned",
        starts_at="+7d 09:00",
        url="https://wellio.example/sessions/1210",
    ),
    Subject(
        key="freya_moved",
        kind="session",
        external_id="wellio-1188",
        title="Night shifts, part two",
        professional="maya",
        client="freya",
        status="cancelled",
        starts_at="-7d 10:00",
        url="https://wellio.example/sessions/1188",
    ),
)

AIKO = read_script("""
-19d
09:05 aiko: Good morning from Tokyo, or good evening, it is already five here. I work best between 23:00 and
    02:00 and my new client is in Canada, so that is even encouraged. But I'm tired all the time. Is that a
    problem to be solved or a personality?
09:40 maya: What a good way to put it. Possibly a personality with a problem attached. When are you least
    tired?
09:44 aiko: When I travel west.
09:46 maya: That's a very good clue. Let's talk.
-12d
10:20 maya: It was lovely to meet you, Aiko. One thing only until we speak again: curtains open before you
    look at any screen. Even if it's noon. Especially if it's noon.
-11d
04:30 aiko: 11:30 here, curtains open. There is a cat on the wall across the street. We looked at each other
    for some time.
08:15 maya: Please keep reporting on the cat.
-5d
05:10 aiko: The cat has a friend. I have worked until 01:00 four days in a row, which is an improvement.
08:30 maya [aiko_next]: It is! An hour is a lot. Let's see on {date aiko_next} what the next one could be.
    {time aiko_next} here, afternoon for you and the cat.
-26h aiko [aiko_next]: I'll be there. I made a list. It is, I think, too long.
-25h maya [aiko_next]: Bring it. We'll choose one and I'll hold the rest.
""")

TOMAS = read_script("""
-64d
13:15 tomas: Hola Maya. I bake, so I get up at three. Everybody tells me to sleep eight hours and nobody
    tells me which eight.
14:02 maya: Hola Tomás! Then let's find your eight. Who else is awake at your place in the evening?
14:10 tomas: Two boys of four and six. They are extremely awake.
14:12 maya: I see the whole picture.
-50d
12:40 tomas: We tried it: boys in bed at eight, me at eight fifteen, my wife has the sofa for herself. She
    says it's the best idea you've had.
12:55 maya: Tell her I take thanks in bread.
-31d
13:05 tomas: The first week of seven hours in six years. I burnt nothing.
-30d
09:12 maya: I'm very happy about that. And how is the Sunday?
12:20 tomas: On Sunday we're closed and I sleep until half past five like a king.
-7d
12:30 tomas: Question: the fair is in two weeks and I'll work nights for four days. How do I come back from
    that without losing everything?
-330m maya: Good that you ask before and not after. Short version: don't turn your whole clock for four
    days. Keep one anchor, the same three hours of sleep at home every day, and add naps around it.
-328m maya: And plan two quiet days after the fair now, while you still have a say. Put them in the shop's
    calendar, in pen.
-325m maya: I wrote you a page for the fridge: https://wellio.example/sheets/four-nights
""")

FREYA = read_script("""
-40d
15:30 freya: My roster for next month is out. Seven nights, two days off, four days. I laughed, then I
    didn't.
15:48 maya: Send it to me and we'll put the sleep in first, before anyone else gets to the white squares.
16:20 freya: You're the first person to call them white squares and not "free time".
-26d
08:05 freya: Night four done. The blackout curtain works so well that I walked into the wardrobe.
08:30 maya: I'm glad and sorry. Small lamp, warm, on the floor.
-8d
21:15 freya [freya_moved]: I have to cancel tomorrow, two colleagues are ill and I'm covering. I'm so sorry.
21:20 maya [freya_moved]: Don't be. Cancelled, no charge, and go to bed. Write when you can see daylight.
-2d
11:10 freya: I can see daylight.
11:32 maya: Welcome back! Would early next week suit you? Pick any white square.
""")

SAMUEL = read_script("""
-118d
19:30 samuel: The concert was yesterday. I was afraid before and I played anyway and afterwards I was
    hungry. That's all.
19:44 maya: That is everything, Samuel. Did you do the breathing or did you forget?
19:46 samuel: Forgot until the second movement. Then I did it during eleven bars of rest. The conductor
    smiled at me.
-89d
10:10 samuel: I think I'm done here, in the best sense. May I come back if it returns?
10:25 maya: Always. This stays open, and you can write in two years as if it had been a weekend.
10:27 samuel: Thank you, Maya. Truly.
""")

ILSE = read_script("""
-20m ilse: Hello, I found your profile and I'm not sure I need a coach. Is it allowed to just ask a question
    first?
""")

STORY = Story(
    key="coach",
    trade="Coach and client",
    hue=178,
    people=PEOPLE,
    subjects=SUBJECTS,
    talks=(
        Talk(client="daniel", professional="maya", lines=coach_daniel.LINES, unread={"maya": 3}),
        Talk(client="aiko", professional="maya", lines=AIKO),
        Talk(client="tomas", professional="maya", lines=TOMAS, unread={"tomas": 3}),
        Talk(client="freya", professional="maya", lines=FREYA),
        Talk(client="samuel", professional="maya", lines=SAMUEL, archived_by=("maya",)),
        Talk(client="ilse", professional="maya", lines=ILSE, unread={"maya": 1}),
    ),
)
