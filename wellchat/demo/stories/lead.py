"""A contractor and homeowners: a lead is open until it is claimed, then it has one thread."""

from wellchat.demo.script import read_script
from wellchat.demo.stories import lead_bathroom
from wellchat.demo.story import Person, Story, Subject, Talk


def _homeowner(
    key: str, name: str, email: str, bio: str, *, main: bool = False, away: bool = False
) -> Person:
    return Person(
        key=key,
        name=name,
        email=email,
        role="client",
        word="Homeowner",
        time_zone="America/Toronto",
        bio=bio,
        main=main,
        away=away,
    )


def _lead(key: str, number: int, title: str, client: str, status: str) -> Subject:
    return Subject(
        key=key,
        kind="lead",
        external_id=f"lead-{number}",
        title=title,
        professional="marek",
        client=client,
        status=status,
        url=f"https://quotes.example/leads/{number}",
    )


PEOPLE = (
    Person(
        key="marek",
        name="Marek Nowak",
        email="marek.nowak@example.com",
        role="professional",
        word="Contractor",
        time_zone="America/Toronto",
        bio="Nowak Renovations. Bathrooms, floors, stairs. I answer the same day.",
        main=True,
    ),
    _homeowner(
        "grace", "Grace Thompson-Bailey", "grace.thompson@example.com", "Teacher, new bathroom.", main=True
    ),
    _homeowner(
        "winnie", "Winnie Cheung", "winnie.cheung@example.com", "Grace's neighbour. Careful on the steps."
    ),
    _homeowner("arjun", "Arjun Mehta", "arjun.mehta@example.com", "Wants a deck, has opinions."),
    _homeowner(
        "eleanor", "Eleanor Fitzgerald", "eleanor.fitzgerald@example.com", "Old house, older kitchen."
    ),
    _homeowner("luc", "Luc Tremblay", "luc.tremblay@example.com", "A dry basement, one day.", away=True),
    _homeowner("ifeoma", "Ifeoma Umeh", "ifeoma.umeh@example.com", "Just bought her first place."),
)

SUBJECTS = (
    _lead("bathroom", 7310, "Bathroom renovation, tub to walk-in shower", "grace", "claimed"),
    _lead("deck", 7355, "Cedar deck behind the house, 4 x 5 m", "arjun", "claimed"),
    _lead("kitchen", 7288, "Kitchen backsplash and one new window", "eleanor", "completed"),
    _lead("basement", 7371, "Basement smells damp after rain", "luc", "claimed"),
    _lead("floors", 7380, "Sand and oil three wooden floors", "ifeoma", "claimed"),
    _lead("porch", 7392, "Replace front porch steps", "winnie", "open"),
)

ARJUN = read_script("""
-23d
12:04 marek: Hello Arjun, Marek from Nowak Renovations, I claimed your deck. Nice drawing! Is the big circle
    a hot tub?
12:40 arjun: It's a tree. I'd like to build around it. My partner would like to cut it down. We've agreed to
    ask somebody neutral.
12:44 marek: I'm neutral, but I like trees. Leave 30 cm around the trunk and both of you get a deck.
12:46 arjun: I'll report that you were neutral.
-16d
18:30 arjun: Cedar or composite? I've read eleven articles and I know less now.
18:52 marek: Cedar if you oil it every two years and enjoy it. Composite if the word "oil" made you tired
    just now.
18:55 arjun: It made my partner tired. Composite.
-9d
08:10 marek: Posts need a permit because you're over 60 cm at the back. Two to three weeks. I've handed it
    in, nothing for you to do.
09:20 arjun: That's my favourite kind of news.
-260m arjun: They called me from the city about the permit! They want to know the species of the tree. It's
    a Norway maple, I think. Or a sycamore. I've sent you a leaf by photo mail, could you look?
""")

ELEANOR = read_script("""
-131d
09:40 marek: Good morning Eleanor, I'm Marek, I claimed your backsplash. The window in your photo, is it
    painted shut or nailed shut?
10:15 eleanor: Both. My late husband was thorough.
10:18 marek: Then I'll bring both tools.
-117d
16:05 marek: Finished. Window opens with one finger, tiles are straight even though the wall isn't.
16:40 eleanor: I've had the window open all afternoon out of pure spite. It's wonderful.
-96d
11:11 eleanor: Marek, where did you say I could get more of the green ones? I should like to do a tray.
12:30 marek: Vito, on Dundas. Tell him it's for a tray and he'll give you the broken box for free.
12:33 eleanor: A whole box! I shall be doing trays until I'm ninety.
""")

LUC = read_script("""
-13d
17:30 marek: Hello Luc, Marek Nowak. I claimed your basement. Before I come: does it smell after rain only,
    or also after laundry?
19:05 luc: After rain. And a bit after laundry, now that you say it. Is that two problems?
19:08 marek: Or one problem with two doors. When's the next rain?
19:10 luc: {weekday +2}, they say.
19:11 marek: Then I come {weekday +3} in the morning, when it can't hide.
-10d
12:20 marek: Found it: the downspout at the back ends exactly where the wall starts. 3 metres of pipe, 90
    dollars. We do that first, then we wait for two rains before anybody sells you anything bigger.
12:45 luc: The last fellow wanted to dig up the garden for eleven thousand.
12:47 marek: I know who you mean. I like your garden.
-2d
20:15 luc: Rain number one: dry! I went down with a flashlight at midnight like a burglar.
-380m marek: Very good. Leave the fan running until the second one.
-376m marek: I've got a free slot to grade the flower bed away from the wall, two hours, 160 dollars. Not
    urgent, but before the ground gets hard. Want it?
""")

IFEOMA = read_script("""
-6d
13:00 marek: Hello Ifeoma, congratulations on the house! I claimed your floors. What's on them now, varnish
    or carpet or mystery?
13:25 ifeoma: Thank you!! Carpet in two rooms, mystery in the third. It's brown and it's winning.
13:31 marek: Lift a corner of the mystery and send me a photo with a coin next to it.
18:02 ifeoma: It's oak! Under the mystery it's OAK
18:09 marek: It's nearly always oak. Please don't take up the rest tonight.
18:10 ifeoma: I've taken up the rest.
-5d
07:50 marek: Of course you have 😄 Masks on, windows open, and I'll bring the sander on {date +11}. Three
    floors, four days, and you sleep at a friend's for two of them.
08:15 ifeoma: My sister's couch has been informed.
""")

STORY = Story(
    key="lead",
    trade="Contractor with leads",
    hue=248,
    people=PEOPLE,
    subjects=SUBJECTS,
    talks=(
        Talk(
            client="grace",
            professional="marek",
            subject="bathroom",
            lines=lead_bathroom.LINES,
            unread={"marek": 2},
        ),
        Talk(client="arjun", professional="marek", subject="deck", lines=ARJUN, unread={"marek": 1}),
        Talk(client="eleanor", professional="marek", subject="kitchen", lines=ELEANOR),
        Talk(client="luc", professional="marek", subject="basement", lines=LUC, unread={"luc": 2}),
        Talk(client="ifeoma", professional="marek", subject="floors", lines=IFEOMA),
    ),
)
