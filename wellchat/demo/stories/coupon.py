"""An influencer and her followers: a thread for each person and coupon."""

from wellchat.demo.script import read_script
from wellchat.demo.story import Person, Story, Subject, Talk


def _consumer(
    key: str, name: str, email: str, time_zone: str, bio: str, *, main: bool = False, away: bool = False
) -> Person:
    return Person(
        key=key,
        name=name,
        email=email,
        role="client",
        word="Consumer",
        time_zone=time_zone,
        bio=bio,
        main=main,
        away=away,
    )


def _coupon(key: str, external_id: str, title: str, status: str) -> Subject:
    return Subject(
        key=key,
        kind="coupon",
        external_id=external_id,
        title=title,
        professional="valentina",
        status=status,
        url=f"https://valentina.example/coupons/{external_id.lower()}",
    )


PEOPLE = (
    Person(
        key="valentina",
        name="Valentina Rossi",
        email="valentina.rossi@example.com",
        role="professional",
        word="Influencer",
        time_zone="Europe/Rome",
        bio="Linen, boots and honest reviews. I only share codes I use myself.",
        main=True,
    ),
    _consumer(
        "priya",
        "Priya Raman",
        "priya.raman@example.com",
        "Europe/London",
        "Packs three days before a trip.",
        main=True,
    ),
    _consumer("nour", "نور الحدّاد", "nour.alhaddad@example.com", "Asia/Dubai", "أحب الكتان والقهوة."),
    _consumer(
        "jonas", "Jonas Weber", "jonas.weber@example.com", "Europe/Berlin", "Reads the terms and conditions."
    ),
    _consumer("chloe", "Chloé Martin", "chloe.martin@example.com", "Europe/Paris", "Hikes badly, with joy."),
    _consumer("emeka", "Emeka Eze", "emeka.eze@example.com", "Africa/Lagos", "Buys presents early."),
    _consumer(
        "zofia",
        "Zofia Kowalczyk",
        "zofia.kowalczyk@example.com",
        "Europe/Warsaw",
        "Sensitive skin.",
        away=True,
    ),
)

SUBJECTS = (
    _coupon("summer", "SUMMER50", "50% Off Summer Collection", "active"),
    _coupon("boots", "TERRA20", "20% Off Terra Trail Boots", "active"),
    _coupon("skin", "KUMO-SHIP", "Free Shipping on Kumo Skincare", "ended"),
)

PRIYA_SUMMER = read_script("""
-34d
18:22 priya: Hi Valentina! Does the 50% also work on the linen sets, or only on what's in the sale corner
    already?
18:47 valentina: Ciao Priya! On the whole summer collection, the sets too. Not on the bags, they never let
    me have the bags.
18:50 priya: I came for the bags a little, but fine. Is it once per person?
18:58 valentina: Once per account. So put everything in one basket, don't order the trousers first and cry
    about the shirt later. I have done that.
19:01 priya: Understood. Trousers and shirt, together, no crying.
-33d
09:40 priya: It says "code not valid in your region". I'm in the UK. Is it me?
10:15 valentina: Oh no, it shouldn't. Are you on the .com shop or the .co.uk? The code lives on .com, they
    ship to you from Rotterdam.
10:22 priya: I was on .co.uk. Of course I was.
10:23 valentina: Their page sends you there without asking. Bottom of the page, little flag, choose
    "International".
10:31 priya: Found the flag. It works! 84 became 42 and I feel like I got away with something.
10:33 valentina: You did 😌
-31d
21:12 priya: Sizing question before I press the button. I'm between S and M everywhere. What did you take?
21:40 valentina: I'm 172 and I wear M in the trousers because they shrink by a finger in the first wash.
    Shirt in S. I wrote it down here with pictures: https://valentina.example/notes/linen-sizes
21:44 priya: Pictures with a ruler in them. This is why I follow you.
21:45 valentina: My sister calls it the court evidence.
-30d
08:05 priya: Ordered! M and S, as advised. Arrives in a week, I fly in ten days, nothing can go wrong.
08:30 valentina: Don't say that out loud to the post.
-24d
17:50 priya: You told me not to say it out loud. It's in Rotterdam since {weekday -3} and hasn't moved.
18:20 valentina: That happens at customs. If it says "awaiting data", they want your phone number, it's
    never in the mail they send. Log in at the carrier and add it.
18:36 priya: It DID say awaiting data. Number added.
-22d
13:15 priya: It's moving. It's in Kent. I've never been so happy about Kent.
-21d
12:02 priya: It's here, it fits, the trousers are long enough and the shirt is the colour from the photo and
    not the other colour. Thank you!
12:30 valentina: That makes my day! Wash cold, hang it wet, don't iron, you're allowed to look like you've
    lived.
-12d
20:44 priya: Greetings from the ferry. The linen has lived. Somebody asked me where it's from and I sent her
    to you.
21:15 valentina: I saw a new follower from a ferry, I did wonder.
-4d
19:10 priya: Back home. One trouser seam at the knee has opened after two washes. Is that something for the
    shop or for my grandmother?
19:42 valentina: For the shop! Two years on seams, it's in their terms. Write to them with a photo and the
    order number, and if nobody answers in three days tell me, I know who to poke.
19:45 priya: My grandmother will be disappointed, she had the needle out.
-75m priya: Nobody has answered. You said to tell you. Order 48-20917, the photo's in the mail I sent them.
-73m priya: No hurry, I'm wearing the shirt today.
""")

PRIYA_BOOTS = read_script("""
-6d
20:20 priya: Different question, different coupon, same person! Are the Terra boots really waterproof or
    "waterproof"?
20:48 valentina: I stood in a stream for ten minutes for a video. Dry until the water came in from the top,
    which is physics.
20:50 priya: So the boots are fine and the rest is my decision.
20:51 valentina: Exactly. Go half a size up for thick socks.
20:53 priya: Noted, half a size. They're for the next trip, there's time.
""")

NOUR = read_script("""
-9d
16:30 nour: مرحباً فالنتينا، هل يعمل الرمز في الإمارات؟ جرّبته مرتين ولم ينجح.
17:05 valentina: Ciao Nour! My Arabic is only a translator, forgive me. Yes, it works in the Emirates, on
    the .com shop. What does the basket say?
17:12 nour: يقول إن الحد الأدنى للطلب هو 60 يورو. عندي فستان واحد بسعر 52.
17:20 valentina: Ah! That's it, it needs 60 before the discount. A pair of socks and you're there.
17:24 nour: جوارب كتّان! ممتاز. شكراً جزيلاً 🌿
17:26 valentina: عفواً! (That one I know by heart.)
-8d
10:02 nour: Ordered, and I write in English now so that you can rest. Will it ship before {date +10}?
10:40 valentina: Before {date +5}, if their page is telling the truth. Enjoy the dress!
""")

JONAS = read_script("""
-27d
11:08 jonas: Hello. Paragraph 4 of the conditions says the code can't be combined with other offers,
    paragraph 7 says that it can be combined with the newsletter discount. Which one applies?
12:20 valentina: Hello Jonas! In all these years you're the first person to reach paragraph 7. I'll ask
    them.
12:21 jonas: I'll wait.
-25d
16:45 valentina: They had a meeting about you. Paragraph 7 applies, and paragraph 4 is being rewritten.
16:52 jonas: Thank you. It should also say "fewer" and not "less" in paragraph 9.
16:53 valentina: I will carry it up the mountain.
-11d
09:15 jonas: It now says "fewer". I've ordered two shirts.
09:40 valentina: History was made here. Enjoy the shirts 😄
""")

CHLOE = read_script("""
-16d
19:33 chloe: Hi! I want the boots but I've got wide feet and a narrow budget. Does the 20% come off the wide
    version too?
20:01 valentina: It does! And the wide one's in last year's green, which is the prettier green anyway.
20:04 chloe: Sold. How long until they stop hurting?
20:06 valentina: Four short walks. Don't start with a mountain, I know you people.
-13d
07:52 chloe: I started with a mountain.
08:20 valentina: Chloé.
08:21 chloe: A small one! The plasters were very good.
-95m chloe: Second mountain, no plasters. I want the same ones for my brother, he's a 47. Does the code work
    twice if it's his account?
""")

EMEKA = read_script("""
-45d
14:10 emeka: Good afternoon. I want to send the skincare set to my mother in Enugu. Does the free shipping
    go that far?
15:02 valentina: Good afternoon Emeka! I asked, and no: Europe only, I'm sorry. But they've a partner in
    Lagos who sells the same set.
15:06 emeka: I live in Lagos! I'll buy it there and carry it to her myself, she'd prefer that in any case.
15:10 valentina: Your mother sounds like mine. The address: https://kumo.example/stores/lagos-ikoyi
-29d
18:25 emeka: Delivered by hand. She has told the entire church. You may notice something in your numbers.
18:40 valentina: So THAT'S what happened on {weekday -2} 😂 Please give her a hug from a stranger.
""")

ZOFIA = read_script("""
-20d
21:30 zofia: Hello! My skin reacts to almost everything. Have you used the Kumo cream for longer than a
    photo?
22:05 valentina: Seven months, and I stop a product the day it itches. What does yours react to, do you
    know?
22:09 zofia: Perfume, mostly. And limonene, which is perfume in a coat.
-19d
09:15 valentina: Then take the one with the white lid and leave the green lid alone. Here's the full list
    from the lab: https://kumo.example/lab/white-lid
09:31 zofia: Nobody has ever sent me a lab list. Thank you.
-5d
20:12 zofia: I tried it on my wrist for a week. Nothing. I'd like to order, but the page says the coupon's
    over?
-290m valentina: It ended on {weekday -2}, but I asked for you: the shop will do free shipping if you write
    "Valentina said so" in the comment. I'm serious, those are the words.
-288m valentina: And start with every other day, please. Skin like yours deserves a slow hello.
""")

STORY = Story(
    key="coupon",
    trade="Influencer with coupons",
    hue=42,
    people=PEOPLE,
    subjects=SUBJECTS,
    talks=(
        Talk(
            client="priya",
            professional="valentina",
            subject="summer",
            lines=PRIYA_SUMMER,
            unread={"valentina": 2},
        ),
        Talk(client="priya", professional="valentina", subject="boots", lines=PRIYA_BOOTS),
        Talk(client="nour", professional="valentina", subject="summer", lines=NOUR),
        Talk(client="jonas", professional="valentina", subject="summer", lines=JONAS),
        Talk(client="chloe", professional="valentina", subject="boots", lines=CHLOE, unread={"valentina": 1}),
        Talk(
            client="emeka", professional="valentina", subject="skin", lines=EMEKA, archived_by=("valentina",)
        ),
        Talk(client="zofia", professional="valentina", subject="skin", lines=ZOFIA, unread={"zofia": 2}),
    ),
)
