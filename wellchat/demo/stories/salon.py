"""A stylist and her customers: bookings come and go, the thread of each pair stays."""

from wellchat.demo.script import read_script
from wellchat.demo.stories import salon_hannah
from wellchat.demo.story import Person, Story, Subject, Talk


def _customer(key: str, name: str, email: str, bio: str, *, main: bool = False, away: bool = False) -> Person:
    return Person(
        key=key,
        name=name,
        email=email,
        role="client",
        word="Customer",
        time_zone="America/Chicago",
        bio=bio,
        main=main,
        away=away,
    )


def _booking(key: str, number: int, title: str, starts_at: str, client: str, status: str = "") -> Subject:
    return Subject(
        key=key,
        kind="booking",
        external_id=f"delgado-{number}",
        title=title,
        professional="rosa",
        client=client,
        status=status or ("confirmed" if starts_at.startswith("+") else "completed"),
        starts_at=starts_at,
        url=f"https://studio-delgado.example/bookings/{number}",
    )


PEOPLE = (
    Person(
        key="rosa",
        name="Rosa Delgado",
        email="rosa.delgado@example.com",
        role="professional",
        word="Stylist",
        time_zone="America/Chicago",
        bio="Colour, cuts and second chances. Studio Delgado, the blue door.",
        main=True,
    ),
    _customer(
        "hannah",
        "Hannah Whitcombe",
        "hannah.whitcombe@example.com",
        "Formerly black, now caramel.",
        main=True,
    ),
    _customer(
        "maricarmen",
        "María del Carmen Fernández de Córdoba y Villanueva",
        "mc.fernandez@example.com",
        "Violinist. Needs it out of the way of the bow.",
    ),
    _customer("jinwoo", "Jin-woo Park", "jinwoo.park@example.com", "Every four weeks, like a clock."),
    _customer(
        "beatrice", "Beatrice Achterberg", "beatrice.achterberg@example.com", "81, swims, does not do phones."
    ),
    _customer(
        "deshawn",
        "Deshawn Mitchell",
        "deshawn.mitchell@example.com",
        "Father of Malik, who sits still for stickers.",
    ),
    _customer("olivia", "Olivia Chang", "olivia.chang@example.com", "New in town.", away=True),
    _customer(
        "fatoumata", "Fatoumata Diallo", "fatou.diallo@example.com", "Braids, and a very full calendar."
    ),
)

SUBJECTS = (
    _booking("b1", 2201, "Colour removal, first visit", "-364d 09:00", "hannah"),
    _booking("b2", 2236, "Colour removal, second visit", "-329d 10:30", "hannah"),
    _booking("b3", 2290, "Caramel balayage", "-287d 09:00", "hannah"),
    _booking("b4", 2341, "Gloss", "-245d 09:30", "hannah"),
    _booking("b5", 2398, "Curtain fringe", "-203d 15:00", "hannah"),
    _booking("b6", 2440, "Cut and colour", "-161d 10:00", "hannah", "cancelled"),
    _booking("b7", 2452, "Cut and colour", "-154d 10:00", "hannah"),
    _booking("trial", 2507, "Wedding trial for two", "-112d 16:00", "hannah"),
    _booking("wedding", 2529, "Wedding morning, four heads", "-98d 06:00", "hannah"),
    _booking("b9", 2588, "Balayage refresh", "-56d 11:30", "hannah"),
    _booking("b10", 2640, "Cut and treatment", "-14d 15:00", "hannah"),
    _booking("b11", 2688, "Caramel balayage", "+14d 14:00", "hannah"),
    _booking("concert", 2671, "Trim before the tour", "-7d 12:00", "maricarmen"),
    _booking("clockwork", 2655, "Cut", "-28d 18:00", "jinwoo"),
    _booking("clockwork2", 2690, "Cut", "+7d 18:00", "jinwoo"),
    _booking("malik", 2683, "Children's cut", "-7d 16:30", "deshawn"),
    _booking("welcome", 2695, "First visit: cut and advice", "+7d 10:00", "olivia"),
    _booking("braids", 2676, "Knotless braids", "-14d 08:00", "fatoumata"),
    _booking("braids2", 2692, "Take down and wash", "+42d 08:00", "fatoumata"),
)

MARICARMEN = read_script("""
-48d
13:02 maricarmen: Dear Rosa, the orchestra goes on tour and I'd like it short enough to forget about for a
    month. But not so short that my mother writes to me about it.
13:25 rosa: Collarbone. That's the length mothers sign off.
13:27 maricarmen: You've met her, I see.
-15d
10:44 maricarmen [concert]: Could it be {day concert} at noon? Rehearsal ends at half past eleven and I'll
    come running with the case.
11:02 rosa [concert]: Noon is yours. There's a safe corner for the violin, nobody sprays near it.
-7d
14:10 maricarmen [concert]: In the second movement I turn the page and, for the first time this year,
    nothing falls in my eyes. Thank you.
14:31 rosa [concert]: Play something for the blue door. Have a wonderful tour!
-6d
23:15 maricarmen: Do you happen to know whether I left a rosin on the shelf? Round, dark, in a little red
    cloth. It's worth nothing to anyone but me.
-5d
08:20 rosa: Found it behind the tea! It's in the drawer with the good combs, and may stay
    there until you're back.
""")

JINWOO = read_script("""
-112d
09:01 jinwoo: Same as last time, please. Four weeks from today, 18:00.
09:10 rosa: Done. As always.
-84d
09:01 jinwoo: Same as last time, please. 18:00.
09:12 rosa: Done. Do you have an alarm for this?
09:13 jinwoo: Yes.
-56d
09:01 jinwoo: Same as last time, please.
09:20 rosa: Done! You're my favourite metronome.
-28d
19:05 jinwoo [clockwork]: My wife noticed. After two years. What did you do?
19:11 rosa [clockwork]: A quarter inch more at the sides. I was bored.
19:12 jinwoo: Please be bored again.
-27d
09:01 jinwoo [clockwork2]: Not in four weeks this time but in five, {day clockwork2}, we're away. 18:00.
09:06 rosa [clockwork2]: FIVE weeks? Are you all right?
09:07 jinwoo: It's a holiday. I've been told to have one.
""")

BEATRICE = read_script("""
-256d
15:40 beatrice: Good afternoon. This is Beatrice from the swimming pool. Hannah says you are patient. I type
    with one finger.
15:52 rosa: Good afternoon Beatrice! One finger's plenty. What may I do for you?
16:09 beatrice: It should be short, and it should look as if I meant it.
16:11 rosa: I like you already. Any morning you prefer?
16:30 beatrice: After nine. Before nine I am under water.
-228d
11:15 beatrice: Three people at the pool asked. I told them I was born like this.
-130d
10:05 rosa: Beatrice, it's been a while! Is everything well?
12:44 beatrice: New hip. Goes like a bicycle. I shall come when I can sit for an hour.
12:50 rosa: Whenever that is. The high chair with the arms is reserved for you.
-70d
16:20 beatrice: I can sit for an hour.
16:25 rosa: I'm so glad! A week from today at ten?
16:41 beatrice: Yes. I shall bring cake. Do not argue.
-20d
17:00 beatrice: My great-nephew has shown me the small faces. 🏊
17:04 rosa: There's no stopping you now 😄
""")

DESHAWN = read_script("""
-35d
17:20 deshawn: Hey Rosa, do you do kids? Malik is four and the last place used clippers without asking him
    first. We left with half a haircut.
17:41 rosa: I do, and I ask first. He can hold the clippers, switch them on and off, and cut a piece of my
    apron before anything touches his head. Everyone gets a go at the apron.
17:44 deshawn: That's, wow. Okay. Yes.
-9d
08:35 deshawn [malik]: He's been practising on a pineapple. We're ready for {weekday malik}.
08:50 rosa [malik]: I've got stickers: dinosaurs, trucks, and one octopus.
08:51 deshawn: He says octopus. There was no pause.
-7d
17:35 deshawn [malik]: He's told everyone on the train that he's got "a Rosa cut". Thank you. Really.
17:50 rosa: He was the bravest person in the room today. The octopus says hi.
-140m deshawn: Malik has cut his sister's doll. He asked it first. Anything you can do for a doll?
""")

OLIVIA = read_script("""
-3d
12:10 olivia: Hi! I just moved here and I don't have a hairdresser yet. Your photos look like real people,
    that's why I'm writing. Do you take new customers?
12:34 rosa: Welcome to the city! I do. Fine hair, thick, straight, curls? And what annoys you about it most?
12:40 olivia: Thick, wavy, and everyone thins it out until it's a triangle.
12:44 rosa: We don't do triangles here. 📐 Would {day welcome} at {time welcome} suit you?
12:47 olivia [welcome]: It would! Do I need to bring anything?
-410m rosa [welcome]: Sorry for the late answer, it was a full house! Just yourself, with your hair as you'd
    wear it on a normal day. And a picture from a time you liked it, if you have one.
-405m rosa [welcome]: The salon's on the corner, blue door. If you're at the dentist, you're one too far to
    the right.
""")

FATOUMATA = read_script("""
-60d
20:10 fatoumata: Rosa, I need knotless, mid back, and I have exactly one free day this quarter.
20:18 rosa: Tell me the day and I'll close the shop for it. Leticia and I together, five hours.
20:20 fatoumata [braids]: {day braids}. Eight sharp. I'll bring my laptop and I'll be no fun.
20:21 rosa [braids]: You're always fun when you fire people on speaker.
20:22 fatoumata: That was ONE time.
-14d
13:20 fatoumata [braids]: Four hours fifty. You two are machines. My neck forgives you.
13:34 rosa [braids]: Wrap at night, oil on the scalp twice a week. See you for the take down on {date
    braids2}.
13:36 fatoumata [braids2]: Six weeks, it's in the calendar, nobody's allowed to move it but me.
-4d
07:45 fatoumata: Compliment from the chairman. I'm sending him your card, he's bald, but he has three
    daughters.
08:02 rosa: I'll take the daughters 😄
""")

STORY = Story(
    key="salon",
    trade="Salon with bookings",
    hue=350,
    people=PEOPLE,
    subjects=SUBJECTS,
    talks=(
        Talk(client="hannah", professional="rosa", lines=salon_hannah.LINES, unread={"rosa": 2}),
        Talk(client="maricarmen", professional="rosa", lines=MARICARMEN),
        Talk(client="jinwoo", professional="rosa", lines=JINWOO),
        Talk(client="beatrice", professional="rosa", lines=BEATRICE, muted_by=("beatrice",)),
        Talk(client="deshawn", professional="rosa", lines=DESHAWN, unread={"rosa": 1}),
        Talk(client="olivia", professional="rosa", lines=OLIVIA, unread={"olivia": 2}),
        Talk(client="fatoumata", professional="rosa", lines=FATOUMATA),
    ),
)
