//! What stands on a desk and before it: a screen on the right, and what it shows.

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
