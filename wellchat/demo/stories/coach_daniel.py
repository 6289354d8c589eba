"""Maya and Daniel: five months of sleep, running and saying no."""

from wellchat.demo.script import read_script

LINES = read_script("""
-143d
19:48 daniel: Hi Maya, I got your name from Priscilla at the running club. I became a team lead in spring
    and since then I sleep five hours on a good night. Do you take on people like me, or is that a doctor's
    thing?
20:31 maya: Hi Daniel, nice to meet you, and thank Priscilla from me! Tired new managers are about half of
    the people I see. Two questions before we plan anything: have you had blood work done this year, and do
    you snore?
20:36 daniel: Blood work in March, all fine. According to my wife I do not snore, I sigh.
20:38 maya: Sighing we can work with 🙂 Let's do a first session and see whether we get along. It's free and
    nobody signs anything.
20:40 daniel: That sounds fair. Evenings after 16:00 London time are best.
-142d
08:15 maya [first]: I put you down for {weekday first} at {time first} my time, so an hour earlier for you.
    The link is in the session card. Bring a coffee, or better, don't.
08:52 daniel [first]: Perfect. Ha.
-140d
18:22 daniel: Thank you for today. I hadn't noticed that I check the work phone as the very last thing
    before the light goes off. It's so obvious when somebody asks.
18:40 maya [first]: It usually is, that's my whole trade secret. As promised, the three things for the next
    two weeks:
    |
    | 1. Phone charges in the kitchen, from 22:00
    | 2. Same time out of bed every day, yes, Sunday too
    | 3. A line in the notebook each morning: hours, and a mood from 1 to 5
    |
    | Nothing else. If you feel like doing more, don't.
18:43 daniel: The Sunday one hurts.
18:44 maya: I know. That's why it's on the list.
-136d
07:05 daniel: Day four. 5.5, 6, 5, 6.5 hours. Mood 2, 3, 2, 3. The kitchen is where the biscuits are, did
    you think of that?
09:10 maya: I did not think of the biscuits. But look at that second row: your mood follows your hours by
    the half point. You measured that yourself in four days.
-131d
22:47 daniel: I'm writing this from the kitchen, standing up, so technically within the rules. I can't
    switch off. We lost a customer today and I keep rewriting the mail I should have sent in my head.
-130d
07:30 maya: Good morning. I saw this only now, my phone lives in a kitchen too. Did you sleep in the end?
07:58 daniel: From about one. I wrote the mail on paper, folded it and put it in a drawer. Then it was
    quiet.
08:03 maya: Daniel, people pay for courses to be told to do exactly that. Keep the drawer.
-126d
18:15 maya [second]: Notes from today: the drawer stays, the notebook stays, and the two late meetings a
    week move to before lunch. You'll ask Henrik about that before the week is out. I'd like to hear what he
    says.
18:30 daniel [second]: Will do. My stomach hurts a bit when I think of it, which I suppose is the point.
-123d
12:41 daniel: Asked. He said "sure" and went back to his sandwich. Two weeks of worrying for one sure.
12:55 maya: 😄 Please write that one down in the notebook, word for word. You will need it again.
-118d
08:20 daniel: 7 hours. Seven! I woke up before the alarm and thought something was wrong.
08:24 maya: Nothing is wrong. That's what it's like.
-112d
17:02 daniel: Is there anything I could read about the two o'clock waking? It's the last thing that hasn't
    moved.
17:35 maya: This one is short and honest, and it doesn't try to sell you a mattress:
    https://www.nhs.uk/conditions/insomnia/ The part about getting up instead of lying there is the one to
    try. Twenty minutes, dim light, something dull.
17:37 daniel: I own a book about the history of concrete.
17:38 maya: You were made for this.
-105d
18:20 maya [third]: Good session. You talked about the team for fifty minutes and about sleep for three,
    which tells me something. For next time: think of one thing that only you can do there, and one that you
    do because nobody else is asked.
-104d
21:10 daniel: Only me: deciding what we don't do. Because nobody is asked: the release notes, every other
    Friday, at ten at night. I've been writing them for four years.
21:14 daniel: Wait.
21:15 daniel: That's the Friday thing, isn't it. That's why I'm a ghost on Saturdays.
-103d
08:02 maya: I'll just sit here and look wise.
-97d
13:20 daniel: Release notes are now Mei's. She's better at it than I am and she does them at eleven in the
    morning like a reasonable person.
13:44 maya: How did it feel to hand it over?
13:52 daniel: Like leaving the house without keys. For a day. Then great.
-84d
10:05 daniel [fourth]: I have to move our session, my daughter has her swimming gala. Would the week after
    work, same time?
10:30 maya [fourth]: Of course, the gala wins. Moved to {day fourth} at {time fourth}. Which stroke?
10:31 daniel: Backstroke. She says it's so that she can see who's cheering.
-77d
18:25 maya [fourth]: Halfway look back, from your own notebook: average 5.6 hours then, 6.9 now. Mood 2.4
    then, 3.6 now. Sunday mornings: you stopped complaining in week five.
18:33 daniel: I still complain, I just don't write it down. But yes. My wife says I sigh less. She has
    started to miss it.
-70d
06:50 daniel: Ran before work for the first time since university. Four kilometres, slow, in the rain. I
    felt like a film poster.
07:15 maya: Send me the poster. And please stay slow for three weeks, your knees weren't at the film.
-58d
16:10 maya: I'm away from {date +3} for ten days, walking, with no signal and on purpose. If something burns
    write anyway and I'll answer when I'm back. Otherwise: notebook.
16:25 daniel: Enjoy it! Nothing burns. What a sentence.
-44d
20:15 maya: Back, with blisters. How were the ten days?
20:40 daniel: Good, then bad, then good. There's talk of a reorganisation and I had three nights with the
    concrete book. I know a great deal about Roman harbours now.
20:44 maya [fifth]: Then let's take that to {weekday fifth} and leave the harbours in the drawer until then.
-42d
18:31 maya [fifth]: Two lists from today, yours, I only typed: what you know (your team stays together, the
    budget is safe until summer) and what you fear (everything else). Read both when it's two in the
    morning. One of them is shorter.
-33d
07:40 daniel: I said no to a project. In a meeting. With people in it. I said "we can't take this one
    without dropping another, which one shall we drop?" and then I was quiet like you said, and it was
    HORRIBLE, and then somebody else spoke.
07:58 maya: I read this at the bus stop and said "yes!" out loud. A lady moved her bag.
-29d
21:05 daniel: 10 km on {weekday +4} with the club. Priscilla says hello and that you still owe her a
    cinnamon bun.
21:30 maya: I do, since 2019. Good luck! Start slower than you want to.
-25d
11:47 daniel: 58:12 and no walking. I started slower than I wanted to and overtook a man dressed as a
    carrot.
11:55 maya: That is the best sentence anyone has written to me this year. Congratulations, Daniel.
-14d
18:28 maya [sixth]: From today: you want to keep the mornings and lose the guilt about them. So for three
    weeks no notebook at all. I want to know whether it holds without being measured. Here's the week as you
    drew it.
    + the-week.png
18:34 daniel [sixth]: A holiday from the notebook. I feel slightly lost and I know what you'd say about
    that.
-6d
08:12 daniel: No numbers, as agreed. But I'd like it on record that I'm in an excellent mood.
08:40 maya: So recorded.
-2d
19:20 maya [next]: Shall we keep {day next} at {time next}? I'd like to talk about how often you still need
    me. That's a good conversation, not a bad one.
19:55 daniel [next]: Yes, that works. I was going to bring it up and didn't know how.
19:57 maya: See? You'd have asked Henrik in half the time now.
-130m daniel: They announced the reorganisation this morning. I'm getting a second team. Six more people.
-128m daniel: I've said I'd answer tomorrow. The old me would have said yes before he'd finished the
    sentence.
-55m daniel: Could you look at what I'm planning to ask for? Three things: Mei as deputy, no on-call for me,
    and a review after three months. Is three months too short?
""")
