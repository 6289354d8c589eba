"""Hannah and Rosa: one year, one head of hair, one thread."""

from wellchat.demo.script import read_script

THE_BOX_DYE = read_script("""
-371d
20:14 hannah: Hi! I'm looking for somebody brave. I dyed my hair black at home two years ago and I've been
    regretting it ever since. Is that something you do?
20:41 rosa: Hi Hannah! It's my favourite thing in the world, and I'm not being polite. Where would you like
    to end up?
20:44 hannah: Warm brown, with some light in it. Like I spent a summer outside instead of in an open plan
    office.
20:46 rosa: Got it. How often did you go over it with the black?
20:49 hannah: Do you want the honest number?
20:50 rosa: Always.
20:50 hannah: Nine.
20:52 rosa: Okay! Honest answer back: we get there, but not in one visit, and I won't fry your hair to do it
    faster. Think three visits in three months.
20:55 hannah: Three months is nothing, I've been waiting two years. Yes please.
-370d
09:10 rosa [b1]: I put you in for {weekday b1}, {time b1}. Please don't wash it that morning, and wear
    something you don't love.
12:31 hannah [b1]: Nothing I own is loved before noon. See you then!
-364d
08:50 hannah [b1]: I'm ten minutes early and standing in front of the wrong door, it's a dentist.
08:51 rosa [b1]: Ha! One door to the left, blue. The dentist is lovely too.
13:37 rosa [b1]: So! We lifted three levels, which is more than I hoped for. It's orange, it's supposed to
    be orange, please don't panic when you see it in daylight.
13:52 hannah: I'm in daylight.
13:53 hannah: I look like a very calm fox.
13:55 rosa: A calm fox is step one of three 🦊
19:20 rosa [b1]: Homework, so it's in writing:
    |
    | - Mask on Wednesday and Sunday, 10 minutes, the green jar
    | - No hot iron until I say so
    | - Cold rinse at the end (sorry)
19:33 hannah: The cold rinse is where I lose faith, but okay.
-358d
07:58 hannah: My boss asked whether the colour was "a statement". I said yes.
08:30 rosa: What's the statement?
08:31 hannah: "More to follow."
-347d
18:05 hannah: It feels dry at the ends. Can I use the coconut oil my aunt swears by?
18:22 rosa: A drop, on dry ends only, never on the roots. Your aunt is right by half.
18:23 hannah: That's her in general.
-335d
12:15 rosa [b2]: Quick one: could you come half an hour later on {weekday b2}? I have a bride before you and
    brides are never on time.
12:40 hannah [b2]: Sure. {time b2} it is.
-329d
14:48 hannah [b2]: The bride's mother cried and then I cried. I don't know these people.
19:15 rosa [b2]: It's that chair, it does that to everyone. So we're at an honest copper brown now. Next
    visit is the fun one, promise: caramel through the lengths, and a root that can grow out without anyone
    noticing.
19:31 hannah: My mother says I look like her at thirty and then she went quiet and then she made soup.
19:33 rosa: That's the best review I've had this year.
-318d
21:02 hannah: I found this picture in a magazine at the doctor's, I'll bring the page. Light around the
    face, darker behind the ears, nothing stripy. Is that a thing?
21:30 rosa: That's exactly what we're doing! It's called a money piece, I didn't pick the name.
21:31 hannah: I'll take two.
-301d
10:12 hannah: How long is the next one going to take? I have to tell somebody when to pick up my dog.
10:20 rosa [b3]: Three and a half hours, say four. What's the dog's name?
10:21 hannah: Gravy.
10:21 rosa: Bring Gravy.
-287d
08:40 rosa [b3]: Gravy's bowl is ready. So is the bleach, for you, to be clear.
13:20 hannah [b3]: Rosa. ROSA.
13:24 rosa: I know!!
13:26 hannah: I've walked past four shop windows and looked in all of them. I've never done that in my life.
13:30 rosa: May I show the before and after? No face, only hair and dog.
13:34 hannah: Hair yes. Gravy wants to see the contract.
13:35 rosa: Gravy gets a biscuit per view.
13:36 hannah: Signed.
-286d
09:02 rosa [b3]: Colour note for us both, so we never have to guess: 7.34 root, 8.3 on the lengths, gloss
    9.13, twenty minutes. Next time only the gloss.
09:40 hannah: I understand none of it and I feel very safe.
-271d
17:44 hannah: Chlorine question. I've started swimming twice a week. Am I about to turn green?
18:01 rosa: Not if you wet it with tap water first and put conditioner under the cap. Hair is a sponge, fill
    it before the pool does.
18:03 hannah: Nobody has ever explained anything to me that well, including my whole chemistry class.
-258d
19:50 hannah: Update from the pool: not green. A lady asked who does my hair. I gave her your card, her name
    is Beatrice, she's very funny and a bit deaf, so write to her, don't call.
20:05 rosa: Thank you! She's already booked, and yes, she is. 😄
-252d
11:30 rosa: Hi Hannah, it's been five weeks. How's the colour holding up?
12:10 hannah: Beautiful from the front, a bit brassy when I wash it. Is that normal?
12:18 rosa: Normal, and that's what the gloss is for. I've got {day b4} at {time b4}, forty minutes, no
    bleach.
12:20 hannah [b4]: Take me.
-245d
10:25 hannah [b4]: Forty minutes and I feel like I slept for a week. What do you put into the tea?
10:40 rosa [b4]: Tea.
""")

THE_FRINGE = read_script("""
-224d
22:48 hannah: Please talk me out of a fringe.
-223d
07:15 rosa: Good morning! Why a fringe? (I'm not saying no, I'm asking.)
07:32 hannah: Because I turn 34 soon and I saw a French film.
07:36 rosa: I need more than one film.
07:40 hannah: Two. But I slept through the second.
07:45 rosa: Your hair has a cowlick on the left, so a straight fringe would fight with it every single
    morning. A long curtain one would work, you can pin it away if you hate it.
07:48 hannah: And if I love it?
07:49 rosa: Then I'll say I knew it all along.
-210d
12:05 hannah [b5]: I've thought about it for two weeks, which is longer than I think about most things.
    Curtain fringe, {day b5}?
12:20 rosa [b5]: {weekday b5}, {time b5}. I'll put the kettle on and hide the small scissors.
-203d
16:10 hannah [b5]: I love it. I'm annoyed at how much I love it.
16:12 rosa: I knew it all along.
-196d
06:50 hannah: It's 6:50 and the left side is pointing at the ceiling. HELP
06:58 rosa: Wet just the fringe, rub it side to side with your fingers while you blow it dry. Side to side,
    don't pull it down. Two minutes.
07:04 hannah: It worked. I've got a meeting at eight and I look like a person.
07:06 rosa: Go get them.
-189d
12:00 rosa: Happy birthday, Hannah! 🎂 There's a treatment on me next time, the one with the silly smell.
12:47 hannah: You remembered!! Thank you! I love the silly smell.
-182d
18:15 hannah: Can I ask something that's not about hair? I have a job interview in two weeks and I haven't
    had one for seven years.
18:40 rosa: Of course. That chair takes all questions.
18:42 hannah: Would you wear it up or down? Okay, it is about hair.
18:50 rosa: Half up. Up makes you play with your neck, down makes you play with your ends. I've watched you
    for half a year. 😉
18:52 hannah: I feel seen and a little bit caught.
-168d
08:10 rosa: Today's the day, isn't it? Side to side with the fringe, and breathe.
08:14 hannah: You're the only one who wrote. Thank you. Half up, three pins.
15:30 hannah: They asked me where I see myself in five years and I said "with less hair in my eyes" and they
    LAUGHED
15:42 rosa: You've got it.
-163d
17:20 hannah: I've got it!!!!
17:21 rosa: I KNEW IT
17:25 rosa [b6]: Cut and colour before you start? I've got you down for {weekday b6} anyway.
17:26 hannah [b6]: Yes! Make me look like somebody who gets paid that much.
-161d
07:12 hannah [b6]: Rosa, I'm so sorry, I woke up with a fever of 102. I can't come today. I know it's short
    notice and I'll pay for the time.
07:30 rosa [b6]: Don't be silly, stay in bed. I'll move you to {day b7}, same time. Drink something warm.
07:33 hannah: You're an angel. An angel with scissors.
-158d
11:00 rosa: How's the fever?
11:45 hannah: Gone. My hair, however, has been in one single knot since {weekday -3}. Do I cut it out?
11:47 rosa: You do NOT. Half a bottle of conditioner, wide comb, from the bottom up. And a series.
13:10 hannah: Two episodes. It's out. I kept what came off, it could be a second Gravy.
-154d
13:05 rosa [b7]: You left your scarf on the hook. And you look very expensive.
13:30 hannah [b7]: Keep it warm for me. The new job starts a week from today, I'm not nervous, I'm writing
    to my hairdresser from a bus for no reason at all.
""")

THE_WEDDING = read_script("""
-140d
20:30 hannah: News: my sister's getting married, and I'm maid of honour. It's in six weeks because she's
    like that.
20:44 rosa: Congratulations to her and my sympathy to you! How many heads?
20:46 hannah: Four. The bride, me, our mother, and a cousin who says she doesn't care, which means she cares
    most.
20:52 rosa: I can do four if I bring Leticia. When does it have to be finished?
20:53 hannah: Photos at eleven.
20:55 rosa: Then we start at six and somebody makes coffee.
20:56 hannah: My mother will already be up. She'll have been up since two.
-133d
09:15 rosa [trial]: Trial for you and your sister on {day trial} at {time trial}. Bring the veil, a top with
    the same neck as the dresses, and pictures of what you do NOT like.
09:50 hannah [trial]: The "do not like" folder has 61 pictures. She was born for this question.
-112d
19:02 hannah [trial]: She hasn't stopped looking at herself in the toaster.
19:10 rosa [trial]: Low bun with the loose bit at the left for her, half up with the braid for you.
    Twenty-six pins for her, eleven for you, I wrote it down.
19:12 hannah: You count the pins?
19:13 rosa: You have to, or one goes through the airport.
-105d
21:40 hannah: The weather app says wind. WIND, Rosa.
21:52 rosa: I've done a bride on a boat. We'll be fine. Stop looking at the app.
21:53 hannah: I've stopped.
22:15 hannah: 25 mph.
22:16 rosa: Hannah.
22:16 hannah: Good night.
-98d
05:41 rosa [wedding]: We're downstairs. Leticia's got the big bag.
05:42 hannah [wedding]: The door's open, the coffee's ready, mum's been up since two.
17:30 hannah [wedding]: Not one hair moved. There was wind, there was crying, there was a dance with a lift
    in it. NOT ONE.
17:48 rosa: Twenty-six pins.
-97d
14:05 hannah: I can't find the last one.
14:12 rosa: It's behind the left ear. It's always behind the left ear.
14:14 hannah: How.
-96d
10:20 hannah: Mum wants to know whether you take on "ladies of a certain age who've had the same cut since
    1988".
10:41 rosa: With joy. Give her my number and tell her she may keep the cut, we'll just let it breathe.
10:42 hannah: She said "hm". That's a yes.
-84d
12:30 hannah: The photos came! There's one where you're on your knees with seven pins in your mouth and the
    light's so good. May I give you a print for the salon?
12:55 rosa: I'd love that. I don't have a single picture of me working.
-63d
18:02 rosa [b9]: It's nearly time for a refresh. {day b9} at {time b9}? I kept it free before anyone else
    saw it.
18:10 hannah [b9]: Yes please! And could we go a tiny bit lighter around the face? New job, new light.
18:15 rosa [b9]: Half a level. Any more and you'd have to come every five weeks, and I like you, but not
    your Saturdays.
-56d
15:20 hannah [b9]: Half a level was the right level.
15:31 rosa [b9]: Note for us: 8.3 on the lengths as before, 9.03 for the face, gloss 9.13, fifteen minutes
    this time.
    + colour-card.png
15:32 hannah: I still don't understand it, and I've started to say it to people.
-42d
19:40 hannah: Strange question. Do you have a recommendation for a shampoo without perfume? My colleague at
    the next desk gets headaches and I'd like to be the nice new one.
19:58 rosa: The grey bottle, second shelf. It smells of nothing and it works. I'll put one aside with your
    name on it.
20:01 hannah: Collected in my lunch break tomorrow, thank you!
-41d
12:48 hannah: Got it. Leticia gave me a biscuit that I believe was meant for Gravy.
12:50 rosa: It was. Did you like it?
12:50 hannah: I did.
-21d
17:15 rosa [b10]: Last reminder from me for {day b10}, {time b10}: just the cut and the treatment with the
    silly smell.
17:31 hannah [b10]: I've been looking forward to the smell.
-14d
16:40 hannah [b10]: Gravy didn't recognise me and then wouldn't leave my neck alone. I think it's the smell.
16:52 rosa [b10]: It's definitely the smell.
-12d
08:30 hannah: It's a year next week since I wrote to you about the nine boxes. I scrolled all the way up
    just now. A calm fox!
08:44 rosa: A year! I scrolled up too. You were so polite.
08:45 hannah: You were so tactful. "More than I hoped for."
-3d
19:05 rosa [b11]: I've got two openings for the balayage: {day b11} at {time b11}, or the evening before at
    17:00 when it's quiet. Which one?
21:20 hannah [b11]: {time b11} on {weekday b11}, then I can walk home through the park and look into
    windows.
21:22 rosa [b11]: Booked! ✂️
-200m hannah [b11]: One more thing about {date b11}. My niece is fourteen and wants to come along and watch.
    She's asked me nine times. The number runs in the family.
-198m hannah: She doesn't want anything done. She wants to ask you how one becomes you.
-190m rosa: Bring her! I'll give her the comb and the good stool.
-35m hannah: She screamed. The neighbours know now.
-33m hannah: She'd also like to know if Gravy will be there, but she asked that second, so I think it's
    serious.
""")

LINES = (*THE_BOX_DYE, *THE_FRINGE, *THE_WEDDING)
