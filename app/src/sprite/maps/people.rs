//! People, on a grid of 16 × 16 at the left of the desk, from the head down.

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
