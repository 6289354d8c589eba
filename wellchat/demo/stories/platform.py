"""A coaching platform: one coach, many clients, and somebody who looks after the place."""

from wellchat.demo.script import read_script
from wellchat.demo.stories import platform_rafael
from wellchat.demo.story import Person, Story, Subject, Talk


def _client(
    key: str, name: str, email: str, time_zone: str, bio: str, *, main: bool = False, away: bool = False
) -> Person:
    return Person(
        key=key,
        name=name,
        email=email,
        role="client",
        word="Client",
        time_zone=time_zone,
        bio=bio,
        main=main,
        away=away,
    )


def _session(key: str, number: int, title: str, starts_at: str, client: str, status: str = "") -> Subject:
    return Subject(
        key=key,
        kind="session",
        external_id=f"loom-{number}",
        title=title,
        professional="katharina",
        client=client,
        status=status or ("planned" if starts_at.startswith("+") else "completed"),
        starts_at=starts_at,
        url=f"https://loom.example/sessions/{number}",
    )


PEOPLE = (
    Person(
        key="katharina",
        name="Katharina Vogel",
        email="katharina.vogel@example.com",
        role="professional",
        word="Coach",
        time_zone="Europe/Berlin",
        bio="Leadership coach. Asks, waits, asks again.",
        main=True,
    ),
    _client(
        "rafael",
        "Rafael Monteiro",
        "rafael.monteiro@example.com",
        "Europe/Lisbon",
        "Engineer who speaks at minute two.",
        main=True,
        away=True,
    ),
    _client(
        "siobhan", "Siobhán O'Connell", "siobhan.oconnell@example.com", "Europe/Dublin", "Head of a school."
    ),
    _client("meiling", "Mei-Ling Hsu", "meiling.hsu@example.com", "Asia/Taipei", "Founder, year one."),
    _client(
        "kwame", "Kwame Boateng", "kwame.boateng@example.com", "Africa/Accra", "Back from parental leave."
    ),
    _client("olafur", "Ólafur Jónsson", "olafur.jonsson@example.com", "Atlantic/Reykjavik", "Few words."),
    _client(
        "ravi", "Ravi Deshpande", "ravi.deshpande@example.com", "Asia/Kolkata", "Between two jobs, calmly."
    ),
    _client("noemi", "Noémi Szabó", "noemi.szabo@example.com", "Europe/Budapest", "Starts next week."),
    Person(
        key="judith",
        name="Judith Aldridge",
        email="judith.aldridge@example.com",
        role="admin",
        word="Administrator",
        time_zone="Europe/London",
        bio="Keeps the place tidy. Looks into a conversation only with a reason.",
        main=True,
    ),
)

SUBJECTS = (
    _session("p1", 3001, "What somebody else would notice", "-406d 16:00", "rafael"),
    _session("p2", 3037, "One early sentence a day", "-364d 16:00", "rafael"),
    _session("p3", 3102, "Clear or liked", "-273d 16:00", "rafael"),
    _session("p4", 3160, "Half of our time", "-203d 16:00", "rafael"),
    _session("p5", 3211, "What comes after", "-154d 16:00", "rafael"),
    _session("p6", 3264, "Feedback", "-98d 16:00", "rafael"),
    _session("p7", 3298, "The director role", "-56d 16:00", "rafael"),
    _session("p8", 3330, "Two letters", "-28d 16:00", "rafael"),
    _session("p9", 3361, "The last hour", "+7d 16:00", "rafael"),
    _session("board", 3340, "Before the board", "-14d 10:00", "siobhan"),
    _session("board2", 3366, "After the board", "+14d 10:00", "siobhan"),
    _session("hire", 3349, "The first hire", "-7d 09:00", "meiling"),
    _session("return", 3352, "Four days a week", "-7d 13:00", "kwame", "cancelled"),
    _session("return2", 3368, "Four days a week", "+7d 13:00", "kwame"),
    _session("silence", 3310, "Silence", "-42d 11:00", "olafur"),
)

SIOBHAN = read_script("""
-47d
20:05 siobhan: Hello Katharina, I run a school of six hundred, and I've just noticed that I haven't eaten
    lunch sitting down since September. Is that the sort of thing you do?
20:30 katharina: Hello Siobhán. Yes, exactly the sort of thing. What would have to be true for you to sit
    down?
20:41 siobhan: I'd need a door that closes. Mine has a child's drawing in the hinge.
-14d
11:10 katharina [board]: For the board: three numbers, one story, and the sentence you'd rather not say,
    first.
11:40 siobhan [board]: "We are two teachers short, and I've been hiding it." There. I've typed it. It's only
    a sentence.
11:41 katharina: It is. Say it in exactly that tone.
-8d
21:15 siobhan: They were kind. I'd prepared for everything except kind. We're hiring two.
21:32 katharina: Did you sit down for lunch?
21:33 siobhan: I sat down for lunch. The drawing's in a frame now and the door closes.
-2d
08:15 siobhan [board2]: Could we make {date board2} half an hour longer? I want to talk about who comes
    after me, and I'm not ready to be brief.
08:50 katharina [board2]: Of course. Ninety minutes, and nobody has to be brief.
""")

MEILING = read_script("""
-33d
10:15 meiling: Hi Katharina, 16:15 in Taipei. I've hired my first employee, who is better than me at the
    thing I like most. Is it normal to be proud and offended?
10:31 katharina: Entirely. Which of the two are you in the mornings?
10:33 meiling: Proud until coffee.
-21d
11:40 meiling: He rewrote my pricing page. It's better. I've told him so, through my teeth.
12:05 katharina: Did he hear the words or the teeth?
12:09 meiling: He asked if I had a toothache.
-7d
10:20 katharina [hire]: Your own words from today: "I hired him for this and I'm now competing with him for
    this." Shall we start there next time?
10:34 meiling [hire]: Yes. I've also put it on a note on my screen. He can see it. He put a smiley on it.
-210m meiling: He's had an offer from a big company, double the money. He told me straight away, very
    calmly. I have a week.
-208m meiling: I can't match it. I can offer shares and I can offer Fridays. Is it fair to say how much I
    want him to stay, or is that pressure?
-205m meiling: Sorry, I know it's not our hour. Whenever you read this is fine.
""")

KWAME = read_script("""
-29d
14:20 kwame: Good afternoon! I've been back for three weeks. I work four days and I'm paid for four days,
    and I do five days of work. My daughter says "bye daddy" very professionally now.
14:48 katharina: How old is she?
14:49 kwame: Two and a half. She's got a lunchbox with a padlock.
14:53 katharina: Then we've got a role model for boundaries already.
-8d
19:02 kwame [return]: I need to cancel tomorrow. The lunchbox has a fever.
19:06 katharina [return]: Of course. Get well soon to the lunchbox. Shall I suggest a new time?
-6d
09:40 kwame: She's fine again, she's dancing. Yes please!
10:05 katharina [return2]: {day return2}, {time return2} my time. And one thing to watch until then: what do
    you do in the last hour of day four?
10:30 kwame [return2]: I already know, and I don't like it. See you then.
""")

OLAFUR = read_script("""
-66d
11:00 olafur: Hello. My boss says I should talk more.
11:20 katharina: Hello Ólafur. And what do you say?
11:58 olafur: That depends.
12:04 katharina: I'd like to hear on what.
15:37 olafur: On whether they leave a gap.
-42d
12:10 katharina [silence]: We were silent for eleven minutes of sixty today. I thought they were good
    minutes.
12:30 olafur [silence]: Best meeting this year.
-24d
16:45 olafur: I asked for a gap. They made one. I talked.
16:50 katharina: How was it?
17:25 olafur: Fine.
17:26 katharina: I know you well enough by now to be very happy about that word.
""")

RAVI = read_script("""
-80d
07:30 ravi: Good morning Katharina. I've left the bank after sixteen years with a plant and a mug. Everyone
    asks what's next, and I should like to not know for a month. May I book you for not knowing?
08:10 katharina: Good morning Ravi. With pleasure, I've a special rate for it: two long walks, you report.
-61d
06:55 ravi: Walk one. Two hours along the river. I know the names of four birds now.
07:20 katharina: Which four?
07:24 ravi: Kingfisher, cormorant, egret, and one that refuses to be identified. I admire it most.
-37d
08:40 ravi: The month's over. I still don't know, and it doesn't itch any more.
08:55 katharina: Then it has worked. Would you like to leave it there for a bit?
09:02 ravi: I would. I'll write when the fourth bird has a name.
""")

STORY = Story(
    key="platform",
    trade="Coaching platform",
    hue=294,
    people=PEOPLE,
    subjects=SUBJECTS,
    talks=(
        Talk(client="rafael", professional="katharina", lines=platform_rafael.LINES, unread={"rafael": 2}),
        Talk(client="siobhan", professional="katharina", lines=SIOBHAN),
        Talk(client="meiling", professional="katharina", lines=MEILING, unread={"katharina": 3}),
        Talk(client="kwame", professional="katharina", lines=KWAME),
        Talk(client="olafur", professional="katharina", lines=OLAFUR),
        Talk(client="ravi", professional="katharina", lines=RAVI, archived_by=("katharina",)),
    ),
    also_connected=(("noemi", "katharina"),),
)
