//! The drawings. Somebody at a desk lives on a grid of 26 × 22: a person of 16 × 16 on the left, a screen on the right, the
//! desk in front.

/// A bare head with open eyes that look at the screen.
pub const HEAD: &str = "\
................
...oooooooooo...
..osssssssssso..
..osssssssssso..
..osssssssssso..
..ossswosswoso..
..oSsswosswoso..
..oSssssssSsso..
..ossssssmmsso..
...oSsssssssoo..
....oooooooo....";

/// The same, asleep.
pub const HEAD_ASLEEP: &str = "\
................
...oooooooooo...
..osssssssssso..
..osssssssssso..
..osssssssssso..
..osssssssssso..
..oSssoossooso..
..oSssssssSsso..
..osssssssmsso..
...oSsssssssoo..
....oooooooo....";

/// Hair, laid over a head.
pub const HAIR: [&str; 8] = [
    "\
....oooooooo....
...ohhhhhhhho...
..ohhhhhhhhhho..
..ohhhhhhhhhho..
..ohhhh....hho..
..ohh........o..
..oh............",
    "\
....oooooooo....
...ohhhhhhhho...
..ohhhhhhhhhho..
.ohhhhhhhhhhhho.
.ohhhhh...hhhho.
.ohhh........ho.
.ohhh........ho.
.ohhh........ho.
.ohhh........ho.
.ohhho......oho.
.ohhho......oho.
..ohho......oo..
..ooo...........",
    "\
...oo.oo.oo.oo..
..ohhohhohhohho.
..ohhhhhhhhhhho.
..ohhhhhhhhhho..
..ohhhh.hh.hho..
..ohh........o..
..oh............",
    "\
...oooooooooo...
..ohhhhhhhhhho..
.ohhhhhhhhhhhho.
.ohhhhhhhhhhhho.
ohhhhh.hhh.hhhho
ohhhh........hho
ohhh..........ho
.ohh..........o.
..oo............",
    "\
.....oooo.......
....ohhhho......
..oohhhhhhhhoo..
..ohhhhhhhhhho..
..ohhhhhhhhhho..
..ohhh....hhho..
..ohh........o..",
    "\
....ooooooo.....
...ottttttto....
..ottttttttto...
..otttttttttooo.
..oTTTTTTTTTTTTo
..ohh........ooo
..oh............",
    "\
................
................
................
................
..ohh........o..
..ohh........o..
..oh............",
    "\
....oooooooo....
...ohhhhhhhho...
..ohhhhhhhhhho..
.oohhhhhhhhhho..
ohhohhhh...hho..
ohhohh.......o..
ohhooh..........
ohho............
.ohho...........
..oo............",
];

/// Glasses, from the eyes' row on.
pub const GLASSES: &str = "\
..oooo..oo..o...
.....o..oo..o...
......oo..oo....";

/// A beard, from the cheeks' row on.
pub const BEARD: &str = "\
..ohh......hho..
..ohhhhhmmhhho..
...ohhhhhhhho...";

/// What is heard with, over the hair.
pub const HEADPHONES: &str = "\
....kkkkkkkk....
...k........k...
..k..........k..
..k..........k..
.ooo............
.obbo...........
.obbo...........
.obbo...........
.ooo............";

/// Shoulders and arms, down to the desk's edge.
pub const BODY: &str = "\
...otttSSttto...
..otttttttttto..
.ottTttttttTtto.
.ottTttttttTtto.";

/// What the one at the head desk wears.
pub const TIE: &str = "\
bb
bb
bb
.b";

/// Hands on the keys, two frames.
pub const HANDS: [&str; 2] = [
    "\
.......oss......
......oss.......
.......kkkkkkkk.",
    "\
......oss.......
........oss.....
.......kkkkkkkk.",
];

/// Somebody of whom nothing is known, down to the desk's edge.
pub const SHADOW: &str = "\
....oooooooo....
...occcccccco...
..occcccccccco..
..occcccccccco..
..occcccccccco..
..occcccccccco..
..occcccccccco..
..occcccccccco..
..occcccccccco..
...occcccccco...
...oocccccco....
...occccccccco..
..occcccccccco..
.occcccccccccco.
.occcccccccccco.";

/// An empty chair.
pub const CHAIR: &str = "\
....oooooooo....
...oCCCCCCCCo...
...oCCCCCCCCo...
...oCCCCCCCCo...
...oCCCCCCCCo...
....oooooooo....
......oCCo......
......oCCo......";

/// A screen: what it shows is drawn over it.
pub const SCREEN: &str = "\
oooooooooo
okkkkkkkko
okggggggko
okggggggko
okggggggko
okggggggko
okkkkkkkko
oooooooooo
....oo....
..oooooo..";

/// What the screen of somebody idle shows, two frames: a cursor that waits.
pub const PROMPT: [&str; 2] = [
    "\
llll..
......
ll....
......",
    "\
llll..
......
ll.l..
......",
];

/// What the screen of somebody at work shows, two frames: lines that run.
pub const CODE: [&str; 2] = [
    "\
lll.ll
.ll...
.lllll
ll....",
    "\
.ll...
.lllll
ll....
l.lll.",
];

/// What the screen shows of somebody of whom nothing is known.
pub const QUESTION: &str = "\
..ww..
....w.
...w..
...w..";

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
oooo.
obboo
obb.o
obboo";

/// Somebody's cat, on the screen.
pub const CAT: &str = "\
f...f....
ff.ff....
fofof..ff
fffff...f
.fffffff.";

/// A doctor's coat and stethoscope, below a head.
pub const COAT: &str = "\
...owwwSSwwwo...
..owkwwssswkwo..
.owwkwwwwwwkwwo.
.owwwkwwwwkwwwo.
.owwwwkkkkwwwwo.
.owwwwwwkwwwwwo.
.owwwwwbbwwwwwo.";

/// A doctor's mirror, over the hair.
pub const MIRROR: &str = "\
.........oooo...
........offffo..
..kkkkkkofwwfo..
........offffo..
.........oooo...";

/// One beat of a heart.
pub const PULSE: &str = "\
..............c...............
.............ccc..............
.............c.c..............
.............c.c..............
............cc.c..............
......cc....c..cc.....ccc.....
.....cccc..cc...c....cc.cc....
cccccc..cc.c....c...cc...ccccc
cccc.....ccc....cc..c.....cccc
.................c.cc.........
.................c.c..........
.................ccc..........
..................c...........";

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

/// Take care.
pub const BANG: &str = "\
..ccc..
..ccc..
..ccc..
..ccc..
.......
..ccc..
..ccc..";

/// Add.
pub const PLUS: &str = "\
...c...
...c...
...c...
ccccccc
...c...
...c...
...c...";

/// Pinned.
pub const PIN: &str = "\
..ccc..
..ccc..
..ccc..
.ccccc.
...c...
...c...
...c...";

/// The way out.
pub const DOOR: &str = "\
ccc....
c...c..
c....c.
c.ccccc
c....c.
c...c..
ccc....";

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
    ("hair 6", HAIR[6]),
    ("hair 7", HAIR[7]),
    ("glasses", GLASSES),
    ("beard", BEARD),
    ("headphones", HEADPHONES),
    ("body", BODY),
    ("tie", TIE),
    ("hands 0", HANDS[0]),
    ("hands 1", HANDS[1]),
    ("shadow", SHADOW),
    ("chair", CHAIR),
    ("screen", SCREEN),
    ("prompt 0", PROMPT[0]),
    ("prompt 1", PROMPT[1]),
    ("code 0", CODE[0]),
    ("code 1", CODE[1]),
    ("question", QUESTION),
    ("desk", DESK),
    ("mug", MUG),
    ("cat", CAT),
    ("coat", COAT),
    ("mirror", MIRROR),
    ("pulse", PULSE),
    ("robot", ROBOT),
    ("chip", CHIP),
    ("check", CHECK),
    ("cross", CROSS),
    ("play", PLAY),
    ("return", RETURN),
    ("dot", DOT),
    ("dash", DASH),
    ("bang", BANG),
    ("plus", PLUS),
    ("pin", PIN),
    ("door", DOOR),
];
