-- What a case is written in: names instead of keys, and a default for whatever a case does not care about.
CREATE SCHEMA given;
CREATE TABLE given.events (
    event_key      bigint      PRIMARY KEY,
    event_type     text        NOT NULL,
    event_at       timestamptz NOT NULL,
    order_id       text        NOT NULL DEFAULT 'o1',
    customer       text        NOT NULL DEFAULT 'c1',
    currency       text        NOT NULL DEFAULT 'EUR',
    channel        text        NOT NULL DEFAULT 'web',
    payment_method text        NOT NULL DEFAULT 'card',
    country        text        NOT NULL DEFAULT 'FR',
    city           text        NOT NULL DEFAULT 'Paris',
    units          integer     NOT NULL DEFAULT 0,
    subtotal       numeric     NOT NULL DEFAULT 0,
    discount       numeric     NOT NULL DEFAULT 0,
    tax            numeric     NOT NULL DEFAULT 0,
    shipping       numeric     NOT NULL DEFAULT 0,
    cost           numeric     NOT NULL DEFAULT 0
);
CREATE TABLE given.lines (
    event_key  bigint   NOT NULL,
    line_no    smallint NOT NULL DEFAULT 1,
    event_date date,
    product    text     NOT NULL DEFAULT 'p1',
    category   text     NOT NULL DEFAULT 'toys',
    quantity   integer  NOT NULL DEFAULT 1,
    gross      numeric  NOT NULL DEFAULT 0,
    discount   numeric  NOT NULL DEFAULT 0,
    cost       numeric  NOT NULL DEFAULT 0
);
CREATE TABLE given.steps (
    event_key bigint   NOT NULL,
    step_no   smallint NOT NULL DEFAULT 1,
    step      text     NOT NULL,
    step_date date     NOT NULL,
    seconds   bigint,
    orders    smallint NOT NULL DEFAULT 1
);
