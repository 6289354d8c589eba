"""Rafael and Katharina: a year and a half from "good engineer" to somebody who leads."""

from wellchat.demo.script import read_script

FIRST_YEAR = read_script("""
-412d
09:30 katharina: Welcome to the programme, Rafael. I'm Katharina, we'll be working together. Before our
    first hour, one question: if this goes well, what will somebody else notice about you in a year?
18:45 rafael: Good evening Katharina. They'd notice that I speak before the meeting is over and not in the
    corridor afterwards.
18:52 katharina: That's precise. Most people write "communication". I look forward to this.
-406d
17:10 katharina [p1]: Your two observations from today, so they don't evaporate: you wait until you are
    certain, and you're certain about four minutes too late.
17:22 rafael [p1]: Four minutes. You counted?
17:24 katharina: You did. I only wrote down the times you looked at the clock.
-385d
21:05 rafael: I said something at minute two today. It was wrong. Nobody died.
21:30 katharina: How wrong?
21:33 rafael: Moderately. Inês corrected me and then we had a better idea together, which wouldn't have
    existed.
21:35 katharina: Then let's not call it wrong. What would you call it?
21:41 rafael: Early.
-364d
17:05 katharina [p2]: For the next weeks: one early sentence a day. It may be short. It may be "I see that
    differently, give me a moment."
17:12 rafael: What if I have nothing to say?
17:13 katharina: Then "I've nothing to add" counts, provided it's said before anybody asks.
-330d
19:50 rafael: Thirty early sentences. I kept a list, I'm an engineer. Twelve useful, ten neutral, five
    wrong, three jokes.
20:15 katharina: Three jokes! We hadn't even planned those.
-301d
08:25 rafael: They've asked me to lead the migration. Nine people, of whom two wanted the role.
08:40 katharina: Congratulations. Do the two know it from you, or from the announcement?
08:44 rafael: From the announcement, at ten o'clock.
08:45 katharina: It's 8:45.
08:46 rafael: I'm going.
11:30 rafael: One was relieved. The other was angry for six minutes and then asked good questions. It was
    awful and right.
11:48 katharina: Those two words go together more often than people think.
-273d
17:15 katharina [p3]: Your sentence of the day: "I'd rather be clear than liked, but I notice I'd like
    both." I'd have it framed.
17:30 rafael: My wife would have it read to the children.
-238d
22:10 rafael: Everything slips. Three weeks behind, and the vendor sends a new person every Tuesday. I've
    stopped sleeping well and I've started doing the tickets myself at night.
-237d
08:05 katharina: Good morning. How many of the tickets did you do?
08:20 rafael: Fourteen.
08:21 katharina: And how many conversations did that replace?
08:35 rafael: I don't like that question. Three. One with the vendor, one with my boss, one with Teodor.
08:37 katharina: In which order will you have them?
08:38 rafael: Teodor first. He's the one who's drowning and I took his tickets instead of asking.
-236d
19:20 rafael: Teodor's father is in hospital. Nobody knew. He goes home for two weeks, we've cut the scope,
    and my boss said "finally" when I told her about the three weeks. Finally!
19:41 katharina: Look at that: one day, three conversations, no tickets.
-203d
17:20 katharina [p4]: Half of our time together is over. What's different, in your words, for the record?
20:02 rafael [p4]: I'm late less often. I ask earlier. I do less and more happens, which offends me
    slightly. I still rewrite other people's documents at night, but only the introductions.
20:15 katharina: We'll get to the introductions.
""")

SECOND_YEAR = read_script("""
-161d
12:30 rafael: We're live. All of it, on a {weekday +0}, at noon, with nobody in the office after six. I
    bought the cake myself and wrote nobody's name on it.
12:44 katharina: Rafael! Enjoy it today. Tomorrow you can find out what was missing.
12:46 rafael: The cake was missing a knife. That's all so far.
-154d
17:10 katharina [p5]: You asked what comes after. I'd turn it around: what would you do with Mondays if
    nobody could see your title?
-150d
23:02 rafael: I'd teach. That's the answer about the Mondays. It took me four days and a bicycle.
-149d
09:10 katharina: Then let's find a Monday.
-126d
18:20 rafael: First internal workshop, eleven people. "How to be early." I stole everything from you and
    gave you a slide.
18:33 katharina: What's on the slide?
18:34 rafael: "It's 8:45."
18:36 katharina: I'm honoured, and I'd like a commission in custard tarts.
-98d
17:25 katharina [p6]: The resource we talked about, on feedback that doesn't start with "but":
    https://loom.example/resources/feedback-without-but
17:40 rafael: Read on the train. I counted my "buts" in today's messages. Nineteen. But some were necessary.
17:41 katharina: Twenty.
-77d
20:30 rafael: Teodor's father died on {weekday -2}. He told me himself, before telling the team, and asked
    me to find the words. I wrote four sentences and I'm afraid they're cold.
20:48 katharina: I'm sorry, for him and for you all. Would you like me to read them, or would you like to
    hear that four sentences from you are enough?
20:55 rafael: The second, I think.
20:56 katharina: They're enough. You know him.
-75d
19:10 rafael: He read them out himself. He said they sounded like somebody who'd been there. Thank you.
-56d
17:15 katharina [p7]: From today, briefly: director role, yes or no, not before you've spoken with two
    people who've turned one down.
17:30 rafael: I only know people who took one.
17:31 katharina: That's why.
-40d
13:05 rafael: Found two. One turned it down for her kids and has never looked back. One turned it down out
    of fear and looks back every day. He told me that over soup, a stranger, in twenty minutes.
13:20 katharina: And which of the two did you recognise?
13:41 rafael: I'm still eating that soup.
-28d
17:30 katharina [p8]: Take the two letters home, the yes and the no. Read them in the morning, not at night.
    You write very well at night, but you decide in the morning.
-21d
07:05 rafael: Morning. It's the yes, with one condition: the workshop stays, on Mondays, in my calendar, in
    a colour nobody else uses.
07:30 katharina: What colour?
07:31 rafael: Custard.
-13d
19:45 rafael: Signed! They read the condition twice, and then my boss asked whether she could come on
    Mondays as well.
20:02 katharina: Oh, Rafael. I'm so very pleased.
-5d
12:15 katharina [p9]: Our next hour on {date p9} is the last of this programme. I'd like to spend it on what
    you'll do when I'm not there at minute four.
12:40 rafael [p9]: I've been avoiding that date in the calendar. See you there. I'm bringing tarts.
-170m katharina: Before you write your list for the last hour, here's mine from the first one. I kept it:
    "Speaks before the meeting is over and not in the corridor afterwards."
-168m katharina: Would you say that somebody else has noticed?
""")

LINES = (*FIRST_YEAR, *SECOND_YEAR)
