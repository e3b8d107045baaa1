//! The drawings. A head is 14 wide; everything at a desk lives on a grid of 26 × 22.

/// A bare head with open eyes.
pub const HEAD: &str = "\
....ssssss....
...ssssssss...
..ssssssssss..
..ssssssssss..
..sswossswos..
..sswossswos..
..ssssssssss..
..ssssSSssss..
...sssmmsss...
....ssssss....
.....SSSS.....";

/// The same, asleep.
pub const HEAD_ASLEEP: &str = "\
....ssssss....
...ssssssss...
..ssssssssss..
..ssssssssss..
..ssssssssss..
..ssoosssoos..
..ssssssssss..
..ssssSSssss..
...ssssmsss...
....ssssss....
.....SSSS.....";

/// Hair, laid over a head.
pub const HAIR: [&str; 6] = [
    "\
....hhhhhh....
...hhhhhhhh...
..hhhhhhhhhh..
..hhhh....hh..
..h........h..",
    "\
....hhhhhh....
...hhhhhhhh...
..hhhhhhhhhh..
..hhh....hhh..
.hhh......hhh.
.hh........hh.
.hh........hh.
.hh........hh.
.hhh......hhh.
..hh......hh..",
    "\
..h..hh..hh...
..hhhhhhhhhh..
..hhhhhhhhhh..
..hh.hh.hh.h..
..h........h..",
    "\
...hhhhhhhh...
..hhhhhhhhhh..
.hhhhhhhhhhhh.
.hhhh.hhh.hhh.
.hh........hh.
..h........h..",
    "\
.....hhhh.....
...hhhhhhhh...
..hhhhhhhhhh..
..hhhhhh..hh..
..hh.......h..
..h...........",
    "\
....tttttt....
...tttttttt...
..tttttttttt..
..TTTTTTTTTTTT
..h........h..",
];

/// Glasses, from the eyes' row on.
pub const GLASSES: &str = "\
...o..oo..o...
..oo..oo..oo..
....oo..oo....";

/// A beard, from the mouth's row on.
pub const BEARD: &str = "\
..h........h..
..hhhhhhhhhh..
...hhh..hhh...
....hhhhhh....";

/// Shoulders and arms, down to the desk's edge.
pub const BODY: &str = "\
...ttttTtttt..
..tttttTtttt..
.tttttttttttt.
.tTtttttttTtt.";

/// A hand on the keys.
pub const HAND: &str = "ss";

/// An empty chair.
pub const CHAIR: &str = "\
....oooooo....
...oCCCCCCo...
...oCooooCo...
...oCCCCCCo...
...oCooooCo...
...oCCCCCCo...
...oCooooCo...";

/// What a lit screen shows, two frames.
pub const SCREEN_LINES: [&str; 2] = [
    "\
ll.l..
......
.lll..
......
l.ll..",
    "\
l.ll..
......
ll.l..
......
.ll.l.",
];

/// A screen that shows nothing.
pub const SCREEN: &str = "\
oooooooooo
okkkkkkkko
okggggggko
okggggggko
okggggggko
okggggggko
okggggggko
okkkkkkkko
oooooooooo
....oo....
..oooooo..";

/// A desk.
pub const DESK: &str = "\
oooooooooooooooooooooooooo
oddddddddddddddddddddddddo
oDDDDDDDDDDDDDDDDDDDDDDDDo
oooooooooooooooooooooooooo
..oDDo..............oDDo..
..oDDo..............oDDo..
..oooo..............oooo..";

/// A mug.
pub const MUG: &str = "\
bbb.
bbbb
bbb.";

/// The mark of the product: a small robot.
pub const ROBOT: &str = "\
..cccccccccc..
.cccccccccccc.
cccccccccccccc
cccoocccccoocc
cccoocccccoocc
cccccccccccccc
cccoccccccoccc
ccccoooooocccc
.cccccccccccc.
..............
...cc....cc...
...cc....cc...";

/// A chip, for a provider.
pub const CHIP: &str = "\
...o.o.o...
.ooooooooo.
.occccccco.
oocooooocoo
.ocowwwoco.
oocowwwocoo
.ocowwwoco.
oocooooocoo
.occccccco.
.ooooooooo.
...o.o.o...";

/// Done.
pub const CHECK: &str = "\
......c
.....cc
....cc.
c..cc..
cccc...
.ccc...
..c....";

/// Failed; also: close.
pub const CROSS: &str = "\
cc...cc
ccc.ccc
.ccccc.
..ccc..
.ccccc.
ccc.ccc
cc...cc";

/// Running.
pub const PLAY: &str = "\
cc.....
cccc...
cccccc.
ccccccc
cccccc.
cccc...
cc.....";

/// Undone.
pub const RETURN: &str = "\
..c....
.cc....
cccccc.
.cc...c
..c...c
......c
...ccc.";

/// Waiting.
pub const DOT: &str = "\
.......
.......
..ccc..
..ccc..
..ccc..
.......
.......";

/// Skipped.
pub const DASH: &str = "\
.......
.......
.......
ccccccc
.......
.......
.......";

/// Add.
pub const PLUS: &str = "\
...c...
...c...
...c...
ccccccc
...c...
...c...
...c...";

#[cfg(test)]
pub const ALL: &[(&str, &str)] = &[
    ("head", HEAD),
    ("asleep", HEAD_ASLEEP),
    ("hair 0", HAIR[0]),
    ("hair 1", HAIR[1]),
    ("hair 2", HAIR[2]),
    ("hair 3", HAIR[3]),
    ("hair 4", HAIR[4]),
    ("hair 5", HAIR[5]),
    ("glasses", GLASSES),
    ("beard", BEARD),
    ("body", BODY),
    ("chair", CHAIR),
    ("screen", SCREEN),
    ("hand", HAND),
    ("lines 0", SCREEN_LINES[0]),
    ("lines 1", SCREEN_LINES[1]),
    ("desk", DESK),
    ("mug", MUG),
    ("robot", ROBOT),
    ("chip", CHIP),
    ("check", CHECK),
    ("cross", CROSS),
    ("play", PLAY),
    ("return", RETURN),
    ("dot", DOT),
    ("dash", DASH),
    ("plus", PLUS),
];
