-- The index of one run. All of it can be made again from the run folder, and is whenever this file changes.
-- Times are Unix seconds, money is USD, an empty text is "none"; a NULL is "not known".

CREATE TABLE note (          -- what this is the index of, and the run's own clock; values are JSON
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE segment (       -- how far each file of the journal was read, and by what it is known again
    rank INTEGER PRIMARY KEY,    -- in the order of reading: what was taken over first
    name TEXT NOT NULL UNIQUE,   -- journal/0001.jsonl
    taken INTEGER NOT NULL,      -- 1 for what was taken over from another run
    at INTEGER NOT NULL,         -- bytes read: all whole lines
    mark TEXT NOT NULL,          -- sha-256 of the first and the last bytes that were read
    size INTEGER NOT NULL,       -- bytes, time of change and number of the file when it was looked at last
    changed INTEGER NOT NULL,
    inode INTEGER NOT NULL
);

CREATE TABLE talk (          -- a conversation, a canary, or whatever else bears a name in the journal
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    place INTEGER,               -- in the plan's order; NULL for what is not in the plan
    scenario TEXT NOT NULL DEFAULT '',
    title TEXT NOT NULL DEFAULT '',
    model TEXT NOT NULL DEFAULT '',
    arm TEXT NOT NULL DEFAULT '',
    repeat INTEGER NOT NULL DEFAULT 0,
    script INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'planned',
    reason TEXT NOT NULL DEFAULT '',
    cause TEXT NOT NULL DEFAULT '',
    turns INTEGER NOT NULL DEFAULT 0,
    calls INTEGER NOT NULL DEFAULT 0,
    input INTEGER NOT NULL DEFAULT 0,
    output INTEGER NOT NULL DEFAULT 0,
    cost REAL NOT NULL DEFAULT 0,
    began REAL,
    over REAL,
    texts INTEGER NOT NULL DEFAULT 0,    -- lines of `words` that it has had
    votes INTEGER NOT NULL DEFAULT 0,
    overall REAL,
    least INTEGER,
    disagreement REAL,
    scores TEXT NOT NULL DEFAULT '{}',   -- mean by dimension
    caps TEXT NOT NULL DEFAULT '[]'
);
CREATE INDEX talk_place ON talk (place);
CREATE INDEX talk_scenario ON talk (scenario);

CREATE TABLE event (         -- where the lines of a conversation stand
    talk INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    start INTEGER NOT NULL,
    length INTEGER NOT NULL,
    PRIMARY KEY (talk, rank, start)
) WITHOUT ROWID;

CREATE TABLE vote (
    talk INTEGER NOT NULL,
    juror TEXT NOT NULL,
    dimension TEXT NOT NULL,
    reading INTEGER NOT NULL,
    score INTEGER,
    status TEXT NOT NULL,
    own INTEGER NOT NULL,
    caps TEXT NOT NULL,
    PRIMARY KEY (talk, juror, dimension, reading)
) WITHOUT ROWID;

CREATE TABLE score (
    dimension TEXT NOT NULL,
    talk INTEGER NOT NULL,
    mean REAL NOT NULL,
    PRIMARY KEY (dimension, talk)
) WITHOUT ROWID;

CREATE TABLE cap (
    cap TEXT NOT NULL,           -- dimension/key
    talk INTEGER NOT NULL,
    PRIMARY KEY (cap, talk)
) WITHOUT ROWID;
CREATE INDEX cap_talk ON cap (talk);

CREATE TABLE stratum (
    scenario TEXT NOT NULL,
    title TEXT NOT NULL,
    level TEXT NOT NULL,
    PRIMARY KEY (scenario, title)
) WITHOUT ROWID;

CREATE TABLE said (          -- the line of `words` in which each turn stands as it counts
    talk INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    line INTEGER NOT NULL,
    mark BLOB NOT NULL,          -- of its text: what is said again word for word stays where it is
    PRIMARY KEY (talk, turn)
) WITHOUT ROWID;

CREATE TABLE stale (         -- lines of `words` that do not count: said otherwise later, or beyond the end
    line INTEGER PRIMARY KEY
);

-- Words without their text, which is in the journal. A line's number is its conversation's times 2^20, plus a count.
CREATE VIRTUAL TABLE words USING fts5 (text, content = '', tokenize = 'unicode61 remove_diacritics 2');
INSERT INTO words (words, rank) VALUES ('hashsize', 16000000);  -- bytes of words held until they are written

CREATE TABLE account (       -- what was used, by role, model and attempt (`engine.account`), as JSON;
                             -- in the order of the first call, as they are summed
    role TEXT NOT NULL,
    model TEXT NOT NULL,
    answered TEXT NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (role, model, answered)
);

CREATE TABLE damage (
    number INTEGER PRIMARY KEY,
    told TEXT NOT NULL
);
