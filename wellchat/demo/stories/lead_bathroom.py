"""Grace and Marek: one lead, claimed, from the first photo to the last tile."""

from wellchat.demo.script import read_script

LINES = read_script("""
-89d
10:12 marek: Good morning Grace, Marek Nowak here. I claimed your bathroom renovation: 2.1 by 2.8 metres,
    tub out, walk-in shower in, 1960s house. Is there anything you didn't put on the form?
11:30 grace: Hello Marek, that was quick! Yes: there's a soft spot in the floor next to the toilet. I left
    it out because I was afraid everyone would run.
11:38 marek: I don't run, I bring a screwdriver. Soft like carpet or soft like cake?
11:41 grace: Banana bread.
11:43 marek: Okay. That's the subfloor, maybe one joist. Better we find it now than the tile finds it later.
    Can I come and look?
11:50 grace: I'm home most afternoons, I teach mornings.
-88d
08:20 marek: {weekday +4} at 15:00? It takes an hour, costs nothing, and I'll have to lift a corner of the
    vinyl. I glue it back.
12:40 grace: {weekday +4} is good. The vinyl has been ugly since 1994, be as rough as you like.
-84d
17:05 marek: So, what I saw today. The drain of the tub leaked for years. One joist is gone for about a
    metre, the one next to it is fine. Subfloor out, joist doubled, new plywood. It's a day and a half of
    work more than in the form.
    + bathroom-plan.png
17:22 grace: I felt a bit sick when your screwdriver went in by itself.
17:25 marek: I've seen it go in up to the handle. You called in time. Estimate comes this week, with every
    line, so you can strike what you don't want.
-79d
19:14 marek: Here's the estimate:
    |
    | Demolition and disposal: 1,450
    | Joist, subfloor, waterproofing: 2,380
    | Plumbing, new drain and valve: 2,900
    | Tiling, 19 square metres: 4,100
    | Electrical, fan and two lights: 1,150
    | Glass, one panel: 980
    |
    | Twelve working days. Tiles and taps you choose and pay yourself, I tell you where.
    + estimate.pdf
20:48 grace: Thank you, nobody has ever written me an estimate I could read. Two questions: is the permit in
    there, and what could still make it more expensive?
21:02 marek: Permit yes, in plumbing. More expensive: if the old pipes in the wall are galvanised. Then 600
    to 800. I'd know on day one and you'd know the same hour.
-77d
09:30 grace: I compared it with two others. You're not the cheapest. You're the only one who mentioned the
    joist, and the other two were in the room as well.
09:33 grace: So, yes please.
09:50 marek: Thank you for telling me. You won't regret it, and if you do you've got my number. I can start
    on {date +28}.
09:52 grace: Written in the kitchen calendar, in red.
-70d
16:15 grace: I'm standing in the tile shop and there are four hundred whites.
16:24 marek: Ask for matte, 30 by 60, rectified. That leaves eleven.
16:31 grace: And the floor?
16:33 marek: Small ones, so it isn't slippery. Hexagon, grey, and buy ten per cent more than they tell you.
16:58 grace: Done. The man here asked who I'm working with, and when I said your name he gave me the
    discount without being asked.
    + hexagons.jpg
17:01 marek: That's Vito, I fixed his mother's stairs.
-54d
18:40 marek: Three things before we start in five days: empty the bathroom, a parking spot in the drive if
    you can, and where may we shower the dust off ourselves? Garden hose is fine.
19:15 grace: Garden hose, really? There's a laundry sink downstairs with hot water. And coffee at ten, I'm
    told that's how it's done.
19:16 marek: That's how it's done.
-49d
07:45 marek: Good morning, we're at the door.
16:20 marek: Day one. Tub's out, floor's open, and the pipes in the wall are copper. No surprise, no 700
    dollars.
16:35 grace: I've never been so pleased about a metal. We found a newspaper under the vinyl, from 1963!
16:37 marek: Keep it. I put one under every floor I close. Yours gets today's, with the crossword done.
-47d
17:10 marek: Joist is doubled, you could park a truck on it now. Please don't.
17:30 grace: Cancelling the truck.
-45d
16:55 grace: May I ask for one change? I'd love a niche in the shower wall for the bottles. Is it too late?
17:08 marek: Tomorrow it'd be too late. Today it's 180 dollars and I need to know how tall your shampoo is.
17:12 grace: 24 cm. I measured. I'm that person now.
17:14 marek: Then 28 inside, at the height of your elbow. I'm adding it to the paper so we both have it.
-41d
12:15 marek: Inspector was here, passed, took four minutes. He liked the niche.
12:31 grace: I'll tell everyone at school that my niche is liked by the city.
-38d
18:05 grace: The grey hexagons look a bit blue in the evening light. Am I imagining it?
18:20 marek: No grout yet, the glue's white and makes it cold. Wait until {weekday +4}, then tell me again.
    If it's still blue I'll say so.
-34d
17:45 grace: It's not blue. It's perfect. I sat on the floor for a while.
17:50 marek: Everyone does.
-31d
15:40 marek: Bad news, small: the glass panel came with a chip in the corner. I sent it back. New one in
    eight working days. You can use everything else from tomorrow, with a curtain.
16:10 grace: Thank you for sending it back and not turning the chip to the wall. I've got a curtain with
    flamingos.
16:12 marek: Of course you do.
-30d
20:30 grace: First shower. Hot, strong, and nothing under my feet moved. I may have sung.
-18d
11:20 marek: Glass is in. I also turned the fan down one step, you'd said it sounded like an airport.
16:50 grace: It sounds like a library now. I'm putting the flamingos in the attic, with honours.
-14d
09:05 marek: Final invoice is in your mail: the estimate plus the niche, minus 120 because of the wait for
    the glass. Take your time.
12:22 grace: Paid, before the kettle boiled. And here's what I wrote about you, I hope it's not too much:
    https://quotes.example/reviews/nowak-renovations
12:50 marek: My wife read it to me out loud, twice. Thank you, Grace.
-3d
16:10 grace: A tiny thing: the silicone at the corner of the window's pulled away, about the width of a
    coin. Is that normal?
18:45 marek: Normal in the first winter or summer, the house moves. It's under my two years. I'll pass by
    with the gun, ten minutes.
-185m marek: I'm two streets from you today. Around five, is that all right?
-150m grace: Perfect, I'm home from four. There's coffee, it's not ten but I'm flexible.
-148m grace: And my neighbour Winnie would like to meet you, she's got porch steps that go in like banana
    bread.
""")
