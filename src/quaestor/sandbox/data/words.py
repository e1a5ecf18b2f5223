"""Names for people, places and things that nobody owns: the vocabulary of the sandbox.

Before: nothing. After: `people` draws persons from it, `invent` and the worlds name things by it.
"""

from __future__ import annotations

# ruff: noqa: SIM905 - lists of words are read as text

FIRST = tuple(
    """Ada Aisha Alba Amara Amir Ana Anders Anika Anton Arjun Astrid Aya Bela Bianca Boris Bruno Camille
    Carlos Cem Chen Chiara Clara Dalia Daniel Daria David Delia Diego Dina Edgar Elena Elif Emil Emma
    Enzo Erik Esra Eva Fatima Felix Fiona Florian Freya Gabriel Gita Greta Gustav Hana Hanna Hassan
    Helena Hugo Ida Ilse Imran Ines Ingrid Irina Isaac Iva Ivan Jana Jasper Joana Johan Jonas Jun Karim
    Karin Katya Kofi Lars Laura Leila Lena Leo Lin Lior Livia Louis Lucia Luka Maja Malik Marco Maria
    Marta Matteo Maya Mei Mila Milan Mira Moritz Nadia Naomi Nils Nina Noah Nora Olga Oliver Omar Oscar
    Pablo Paula Pavel Petra Piotr Priya Rafael Rana Ravi Rita Roman Rosa Ruben Saida Salma Samir Sara
    Selma Shira Simon Sofia Stefan Sunil Sven Tamar Tarek Teresa Thea Theo Tomas Ulla Umar Vera Victor
    Viola Wanda Wei Xenia Yara Yasmin Yuki Yusuf Zara Zeno Zoe""".split()
)

LAST = tuple(
    """Abara Adler Almeida Amsel Andersen Aoki Arslan Bakker Banerjee Barros Bauer Becker Benitez Berg
    Bianchi Blum Borg Brandt Bravo Cabral Castro Celik Chang Cohen Conti Costa Cruz Dahl Danso Delgado
    Demir Diallo Dias Dietrich Dimitrov Dubois Duarte Eberle Egger Eklund Engel Eriksen Esposito Falk
    Farah Faure Ferrari Fischer Fleury Forsberg Franke Fuchs Fujita Garcia Gauthier Geller Gomes
    Gonzalez Graf Greco Gruber Gupta Haas Haddad Hagen Halonen Hansen Hartmann Hayashi Heller Hidalgo
    Hoffmann Holm Horvat Huber Ibarra Ibrahim Inoue Ito Iversen Jansen Jensen Jimenez Joshi Jovanovic
    Kaiser Kang Kapoor Kaya Keller Khan Kimura Klein Koch Kovac Kraus Krishnan Kuhn Lang Larsen Laurent
    Lehmann Leone Lima Lindgren Lopez Lorenz Lund Maier Makinen Mancini Marin Martins Mendes Mensah
    Meyer Molina Moreau Moretti Mueller Nagy Nakamura Navarro Neumann Nguyen Nilsson Noor Novak Obi
    Okafor Oliveira Olsen Ortega Osman Otto Paredes Patel Pereira Petit Petrov Pinto Popov Prager
    Qureshi Rahman Ramos Rao Rasmussen Renard Reyes Richter Rinaldi Rivera Roche Rossi Roth Ruiz Saito
    Salazar Santos Sato Schmid Schneider Schwarz Seidel Serra Sharma Silva Singh Sokolov Sorensen Suarez
    Suzuki Svensson Takeda Tanaka Teixeira Thomsen Torres Toth Tran Ueda Unger Vargas Vasquez Vidal
    Vogel Wagner Walter Wang Weber Weiss Werner Winkler Wolf Yamada Yilmaz Zaman Zanetti Zapata Ziegler
    Zimmer""".split()
)

#: Department, its share of 64 people, the names of its jobs.
DEPARTMENTS = (
    ("Engineering", 19, ("Software Engineer", "Platform Engineer", "Data Engineer", "QA Engineer", "SRE")),
    ("Sales", 12, ("Account Executive", "Sales Engineer", "Account Manager")),
    ("Support", 9, ("Support Engineer", "Support Specialist")),
    ("Marketing", 6, ("Content Strategist", "Campaign Manager", "Designer")),
    ("IT", 5, ("Systems Administrator", "Identity Engineer", "Helpdesk Analyst")),
    ("Finance", 4, ("Accountant", "Financial Analyst", "Controller")),
    ("People", 3, ("Recruiter", "People Partner")),
    ("Security", 3, ("Security Engineer", "Security Analyst")),
    ("Legal", 2, ("Counsel", "Contract Manager")),
    ("Executive", 1, ("Chief of Staff",)),
)

#: City, state or region, country code, time zone, locale.
OFFICES = (
    ("Lisbon", "Lisboa", "PT", "Europe/Lisbon", "pt_PT"),
    ("Berlin", "Berlin", "DE", "Europe/Berlin", "de_DE"),
    ("Toronto", "Ontario", "CA", "America/Toronto", "en_CA"),
    ("Austin", "Texas", "US", "America/Chicago", "en_US"),
    ("Singapore", "Singapore", "SG", "Asia/Singapore", "en_SG"),
    ("Nairobi", "Nairobi", "KE", "Africa/Nairobi", "en_KE"),
    ("Osaka", "Osaka", "JP", "Asia/Tokyo", "ja_JP"),
)

ADJECTIVES = tuple(
    """Amber Autumn Blue Brisk Calm Clear Coastal Copper Coral Crimson Dawn Deep Early Eastern Ember Fresh
    Gentle Golden Grand Green Hidden High Indigo Inner Iron Ivory Late Lunar Marble Misty Modern Noble
    Northern Olive Open Outer Pale Prime Quiet Rapid Royal Ruby Rustic Sage Scarlet Second Silent Silver
    Solar Southern Spring Steady Still Summer Swift Teal Upper Velvet Vivid Western White Wild Winter""".split()
)

NOUNS = tuple(
    """Anchor Arch Atlas Aurora Badge Beacon Birch Bridge Brook Canyon Cedar Circle Cliff Comet Compass
    Cove Crane Creek Delta Ember Falcon Fern Field Fjord Flint Forest Garden Gate Glacier Grove Harbor
    Haven Heron Hill Hollow Island Juniper Lagoon Lake Lantern Ledger Maple Meadow Mesa Mill Moor
    Orchard Otter Pebble Pine Plaza Prairie Quarry Rapids Reef Ridge River Robin Sparrow Spruce Station
    Summit Terrace Thicket Tower Trail Valley Willow""".split()
)

SERVICES = tuple(
    """checkout catalog search payments accounts identity gateway billing inventory shipping pricing
    reviews profile sessions notifications mailer scheduler ledger reports exports imports media
    thumbnails recommendations fraud orders returns loyalty wallet tax quotes contracts documents audit
    events metrics relay webhooks config flags experiments geocoder maps routing dispatch tracking fleet
    devices telemetry ingest archive backup""".split()
)

REGIONS = ("us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-1", "ap-northeast-1")
ENVIRONMENTS = ("prod", "prod", "prod", "staging", "dev")
