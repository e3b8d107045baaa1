//! The drawings. Somebody at a desk lives on a grid of 26 × 22: a person of 16 × 16 on the left, a screen on the right, the
//! desk in front.
mod desk;
mod people;
mod signs;

pub use desk::*;
pub use people::*;
pub use signs::*;

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
    ("menu", MENU),
    ("pin", PIN),
    ("door", DOOR),
];
