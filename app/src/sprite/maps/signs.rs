//! Signs of 7 × 7, and the larger marks of pages.

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

/// What else there is.
pub const MENU: &str = "\
ccccccc
.......
.......
ccccccc
.......
.......
ccccccc";

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
