//! The kinds of things that the shop sells: what they are called, what they cost, and how often they are regretted.

/// A product line: what its things are called and what they cost.
pub(crate) struct CategoryKind {
    pub(crate) name: &'static str,
    /// Typical price in euro cents.
    pub(crate) median_euro_cents: f64,
    /// How far prices spread about it: the standard deviation of the price's logarithm.
    pub(crate) spread: f64,
    /// How often orders of its things are called off, or come back.
    pub(crate) risks: Risks,
    pub(crate) nouns: &'static [&'static str],
}

pub(crate) const KINDS: &[CategoryKind] = &[
    kind(
        "Electronics",
        12_900.0,
        0.9,
        risks(80, 60),
        &[
            "Headphones",
            "Tablet",
            "Speaker",
            "Camera",
            "Router",
            "Smartwatch",
        ],
    ),
    kind(
        "Clothing",
        3_900.0,
        0.5,
        risks(140, 40),
        &["T-Shirt", "Jacket", "Jeans", "Hoodie", "Dress", "Scarf"],
    ),
    kind(
        "Home & Kitchen",
        3_400.0,
        0.7,
        risks(50, 40),
        &[
            "Kettle",
            "Pan",
            "Lamp",
            "Blender",
            "Knife Set",
            "Storage Box",
        ],
    ),
    kind(
        "Books",
        1_600.0,
        0.3,
        risks(20, 20),
        &[
            "Novel",
            "Cookbook",
            "Atlas",
            "Biography",
            "Workbook",
            "Anthology",
        ],
    ),
    kind(
        "Sports",
        4_500.0,
        0.6,
        risks(70, 40),
        &[
            "Yoga Mat",
            "Dumbbell",
            "Running Shoes",
            "Backpack",
            "Tent",
            "Bottle",
        ],
    ),
    kind(
        "Toys",
        2_400.0,
        0.5,
        risks(40, 40),
        &[
            "Puzzle",
            "Building Set",
            "Doll",
            "Board Game",
            "Kite",
            "Train",
        ],
    ),
    kind(
        "Beauty",
        1_900.0,
        0.5,
        risks(30, 30),
        &["Serum", "Shampoo", "Perfume", "Lipstick", "Cream", "Brush"],
    ),
    kind(
        "Garden",
        2_900.0,
        0.7,
        risks(45, 40),
        &["Shears", "Planter", "Hose", "Parasol", "Seeds", "Rake"],
    ),
    kind(
        "Grocery",
        650.0,
        0.5,
        risks(8, 15),
        &["Coffee", "Olive Oil", "Honey", "Tea", "Chocolate", "Pasta"],
    ),
    kind(
        "Office",
        1_200.0,
        0.8,
        risks(30, 40),
        &[
            "Notebook",
            "Desk Chair",
            "Pen Set",
            "Stapler",
            "Monitor Stand",
            "Lamp",
        ],
    ),
    kind(
        "Pet Supplies",
        1_800.0,
        0.5,
        risks(25, 30),
        &[
            "Cat Tree",
            "Dog Bed",
            "Leash",
            "Food Bowl",
            "Aquarium",
            "Treats",
        ],
    ),
    kind(
        "Automotive",
        3_200.0,
        0.8,
        risks(70, 50),
        &[
            "Wiper",
            "Floor Mat",
            "Jump Starter",
            "Roof Box",
            "Phone Mount",
            "Polish",
        ],
    ),
    kind(
        "Jewellery",
        8_900.0,
        0.9,
        risks(90, 60),
        &[
            "Ring", "Necklace", "Bracelet", "Earrings", "Brooch", "Watch",
        ],
    ),
    kind(
        "Music",
        5_900.0,
        0.9,
        risks(40, 50),
        &[
            "Ukulele",
            "Keyboard",
            "Strings",
            "Vinyl Record",
            "Microphone",
            "Stand",
        ],
    ),
    kind(
        "Health",
        1_500.0,
        0.5,
        risks(25, 30),
        &[
            "Vitamins",
            "Thermometer",
            "Bandage",
            "Scale",
            "Massager",
            "Mask",
        ],
    ),
    kind(
        "Furniture",
        18_900.0,
        0.7,
        risks(100, 90),
        &[
            "Bookcase",
            "Armchair",
            "Table",
            "Bed Frame",
            "Dresser",
            "Stool",
        ],
    ),
];

/// How many categories there are to choose from.
pub(crate) const MOST_CATEGORIES: usize = KINDS.len();

/// How often something of this kind is regretted, in thousandths of the orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Risks {
    /// The goods come back.
    pub(crate) returned: u32,
    /// The order is called off before they are sent.
    pub(crate) cancelled: u32,
}

const fn risks(returned: u32, cancelled: u32) -> Risks {
    Risks {
        returned,
        cancelled,
    }
}

const fn kind(
    name: &'static str,
    median_euro_cents: f64,
    spread: f64,
    risks: Risks,
    nouns: &'static [&'static str],
) -> CategoryKind {
    CategoryKind {
        name,
        median_euro_cents,
        spread,
        risks,
        nouns,
    }
}
