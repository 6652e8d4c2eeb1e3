-- All marts, and what became of figures that had been published.
--
-- Cells of the marts by customer can become empty again when a late order moves a customer elsewhere: such a cell stays
-- as a row of zeros, which the views leave out. There are no more of them than days and scores make.

-- ── sales_performance: cancellations take back goods and cost ────────────────────────────────────────────────────────

ALTER TABLE gold.sales_performance_sums ADD COLUMN cancelled_goods_amount numeric(24,2) NOT NULL DEFAULT 0;
COMMENT ON COLUMN gold.sales_performance_sums.cancelled_goods_amount IS 'Of cancelled_amount, goods after discount, without tax and shipping.';
COMMENT ON COLUMN gold.sales_performance_sums.cost_amount IS 'Cost of the pieces sold less that of the pieces returned and cancelled.';

CREATE OR REPLACE VIEW gold.sales_performance AS
SELECT
    s.sales_date,
    s.currency,
    s.channel,
    s.orders,
    s.units_sold,
    s.gross_amount,
    s.discount_amount,
    s.tax_amount,
    s.shipping_amount,
    s.total_amount,
    s.returns,
    s.units_returned,
    s.returned_amount,
    s.cancellations,
    s.cancelled_amount,
    s.total_amount - s.returned_amount - s.cancelled_amount                                   AS net_amount,
    s.cost_amount,
    s.gross_amount - s.discount_amount - s.returned_goods_amount - s.cancelled_goods_amount
        - s.cost_amount                                                                       AS margin_amount,
    round(s.total_amount / nullif(s.orders, 0), 2)                                            AS average_ticket,
    coalesce(c.customers, 0)                                                                  AS customers,
    round(s.total_amount / nullif(c.customers, 0), 2)                                         AS average_ticket_per_customer,
    s.returned_goods_amount,
    s.cancelled_goods_amount
FROM gold.sales_performance_sums AS s
LEFT JOIN gold.sales_customer_counts AS c USING (sales_date, currency, channel);
COMMENT ON VIEW gold.sales_performance IS 'One row per day, currency and channel: how sales went. Returns and cancellations reduce net_amount and margin_amount on the day they happen.';
COMMENT ON COLUMN gold.sales_performance.cost_amount IS 'Cost of the pieces sold less that of the pieces returned and cancelled.';
COMMENT ON COLUMN gold.sales_performance.margin_amount IS 'Goods after discount, returns and cancellations, less their cost.';
COMMENT ON COLUMN gold.sales_performance.returned_goods_amount IS 'Of returned_amount, goods after discount, without tax and shipping.';
COMMENT ON COLUMN gold.sales_performance.cancelled_goods_amount IS 'Of cancelled_amount, goods after discount, without tax and shipping.';

-- ── sales_hourly ─────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE gold.sales_hourly_sums (
    sales_hour             timestamptz NOT NULL,
    currency               text COLLATE "C" NOT NULL,
    channel                text COLLATE "C" NOT NULL,
    orders                 bigint NOT NULL,
    units_sold             bigint NOT NULL,
    gross_amount           numeric(24,2) NOT NULL,
    discount_amount        numeric(24,2) NOT NULL,
    tax_amount             numeric(24,2) NOT NULL,
    shipping_amount        numeric(24,2) NOT NULL,
    total_amount           numeric(24,2) NOT NULL,
    returns                bigint NOT NULL,
    units_returned         bigint NOT NULL,
    returned_amount        numeric(24,2) NOT NULL,
    returned_goods_amount  numeric(24,2) NOT NULL,
    cancellations          bigint NOT NULL,
    cancelled_amount       numeric(24,2) NOT NULL,
    cost_amount            numeric(24,2) NOT NULL,
    cancelled_goods_amount numeric(24,2) NOT NULL,
    PRIMARY KEY (sales_hour, currency, channel)
) WITH (fillfactor = 30);
COMMENT ON TABLE gold.sales_hourly_sums IS 'One row per hour, currency and channel: the additive measures of sales.';
COMMENT ON COLUMN gold.sales_hourly_sums.sales_hour IS 'The hour in which the event happened (UTC). Goods that a cancellation takes back, where the cancellation came before its order: the first hour of its day.';
COMMENT ON COLUMN gold.sales_hourly_sums.currency IS 'ISO 4217, of all amounts in the row.';
COMMENT ON COLUMN gold.sales_hourly_sums.channel IS 'Sales channel.';
COMMENT ON COLUMN gold.sales_hourly_sums.orders IS 'Orders placed.';
COMMENT ON COLUMN gold.sales_hourly_sums.units_sold IS 'Pieces in the orders placed.';
COMMENT ON COLUMN gold.sales_hourly_sums.gross_amount IS 'Goods ordered, before discount.';
COMMENT ON COLUMN gold.sales_hourly_sums.discount_amount IS 'Discount on the orders placed.';
COMMENT ON COLUMN gold.sales_hourly_sums.tax_amount IS 'Tax on the orders placed.';
COMMENT ON COLUMN gold.sales_hourly_sums.shipping_amount IS 'Shipping of the orders placed.';
COMMENT ON COLUMN gold.sales_hourly_sums.total_amount IS 'What customers were asked to pay for the orders placed.';
COMMENT ON COLUMN gold.sales_hourly_sums.returns IS 'Returns: one order may have several.';
COMMENT ON COLUMN gold.sales_hourly_sums.units_returned IS 'Pieces returned.';
COMMENT ON COLUMN gold.sales_hourly_sums.returned_amount IS 'Totals given back for returns.';
COMMENT ON COLUMN gold.sales_hourly_sums.returned_goods_amount IS 'Of returned_amount, goods after discount, without tax and shipping.';
COMMENT ON COLUMN gold.sales_hourly_sums.cancellations IS 'Orders cancelled.';
COMMENT ON COLUMN gold.sales_hourly_sums.cancelled_amount IS 'Totals of the orders cancelled.';
COMMENT ON COLUMN gold.sales_hourly_sums.cost_amount IS 'Cost of the pieces sold less that of the pieces returned and cancelled.';
COMMENT ON COLUMN gold.sales_hourly_sums.cancelled_goods_amount IS 'Of cancelled_amount, goods after discount, without tax and shipping.';

CREATE VIEW gold.sales_hourly AS
SELECT
    s.sales_hour,
    s.currency,
    s.channel,
    s.orders,
    s.units_sold,
    s.gross_amount,
    s.discount_amount,
    s.tax_amount,
    s.shipping_amount,
    s.total_amount,
    s.returns,
    s.units_returned,
    s.returned_amount,
    s.cancellations,
    s.cancelled_amount,
    s.total_amount - s.returned_amount - s.cancelled_amount                                   AS net_amount,
    s.cost_amount,
    s.gross_amount - s.discount_amount - s.returned_goods_amount - s.cancelled_goods_amount
        - s.cost_amount                                                                       AS margin_amount,
    round(s.total_amount / nullif(s.orders, 0), 2)                                            AS average_ticket,
    s.returned_goods_amount,
    s.cancelled_goods_amount
FROM gold.sales_hourly_sums AS s;
COMMENT ON VIEW gold.sales_hourly IS 'One row per hour, currency and channel: how sales went. Returns and cancellations reduce net_amount and margin_amount in the hour they happen.';
COMMENT ON COLUMN gold.sales_hourly.sales_hour IS 'The hour in which the event happened (UTC). Goods that a cancellation takes back, where the cancellation came before its order: the first hour of its day.';
COMMENT ON COLUMN gold.sales_hourly.currency IS 'ISO 4217, of all amounts in the row.';
COMMENT ON COLUMN gold.sales_hourly.channel IS 'Sales channel.';
COMMENT ON COLUMN gold.sales_hourly.orders IS 'Orders placed.';
COMMENT ON COLUMN gold.sales_hourly.units_sold IS 'Pieces in the orders placed.';
COMMENT ON COLUMN gold.sales_hourly.gross_amount IS 'Goods ordered, before discount.';
COMMENT ON COLUMN gold.sales_hourly.discount_amount IS 'Discount on the orders placed.';
COMMENT ON COLUMN gold.sales_hourly.tax_amount IS 'Tax on the orders placed.';
COMMENT ON COLUMN gold.sales_hourly.shipping_amount IS 'Shipping of the orders placed.';
COMMENT ON COLUMN gold.sales_hourly.total_amount IS 'What customers were asked to pay for the orders placed.';
COMMENT ON COLUMN gold.sales_hourly.returns IS 'Returns: one order may have several.';
COMMENT ON COLUMN gold.sales_hourly.units_returned IS 'Pieces returned.';
COMMENT ON COLUMN gold.sales_hourly.returned_amount IS 'Totals given back for returns.';
COMMENT ON COLUMN gold.sales_hourly.returned_goods_amount IS 'Of returned_amount, goods after discount, without tax and shipping.';
COMMENT ON COLUMN gold.sales_hourly.cancellations IS 'Orders cancelled.';
COMMENT ON COLUMN gold.sales_hourly.cancelled_amount IS 'Totals of the orders cancelled.';
COMMENT ON COLUMN gold.sales_hourly.cost_amount IS 'Cost of the pieces sold less that of the pieces returned and cancelled.';
COMMENT ON COLUMN gold.sales_hourly.cancelled_goods_amount IS 'Of cancelled_amount, goods after discount, without tax and shipping.';
COMMENT ON COLUMN gold.sales_hourly.net_amount IS 'total_amount less returned_amount and cancelled_amount.';
COMMENT ON COLUMN gold.sales_hourly.margin_amount IS 'Goods after discount, returns and cancellations, less their cost.';
COMMENT ON COLUMN gold.sales_hourly.average_ticket IS 'total_amount per order.';

-- ── marts of the lines: what their comments say of cancellations ─────────────────────────────────────────────────────

COMMENT ON COLUMN gold.item_category_performance_sums.lines IS 'Lines sold, returned and cancelled.';
COMMENT ON COLUMN gold.item_category_performance_sums.quantity IS 'Pieces sold less pieces returned and cancelled.';
COMMENT ON COLUMN gold.item_category_performance.lines IS 'Lines sold, returned and cancelled.';
COMMENT ON COLUMN gold.item_category_performance.quantity IS 'Pieces sold less pieces returned and cancelled.';
COMMENT ON COLUMN gold.product_performance_sums.lines IS 'Lines sold, returned and cancelled.';
COMMENT ON COLUMN gold.product_performance_sums.quantity IS 'Pieces sold less pieces returned and cancelled.';
COMMENT ON COLUMN gold.product_performance.lines IS 'Lines sold, returned and cancelled.';
COMMENT ON COLUMN gold.product_performance.quantity IS 'Pieces sold less pieces returned and cancelled.';
COMMENT ON VIEW gold.item_category_performance IS 'One row per day, category and currency: how the category sold. Returned and cancelled lines count negative.';
COMMENT ON VIEW gold.product_performance IS 'One row per day, product and currency: how the product sold. Returned and cancelled lines count negative.';

-- A panel asks for some days of one currency. A fold updates no column of this index, so it costs new cells only.
CREATE INDEX product_performance_sums_by_currency ON gold.product_performance_sums (currency, sales_date);

-- ── sales_summary ────────────────────────────────────────────────────────────────────────────────────────────────────

-- All time is the sums up to a day and the mart by day since then: a fold touches the sums only for late facts, and a
-- query adds up the few days that are not in them. Days are summed up when they are over.
CREATE TABLE gold.sales_summary_sums (
    product_id      text COLLATE "C" NOT NULL,
    currency        text COLLATE "C" NOT NULL,
    lines           bigint NOT NULL,
    quantity        bigint NOT NULL,
    gross_amount    numeric(24,2) NOT NULL,
    discount_amount numeric(24,2) NOT NULL,
    cost_amount     numeric(24,2) NOT NULL,
    PRIMARY KEY (currency, product_id)
) WITH (fillfactor = 30);
COMMENT ON TABLE gold.sales_summary_sums IS 'One row per product and currency: the additive measures of its lines up to gold.sales_summary_days.summed_until.';
COMMENT ON COLUMN gold.sales_summary_sums.product_id IS 'The shop''s product number.';
COMMENT ON COLUMN gold.sales_summary_sums.currency IS 'ISO 4217, of all amounts in the row.';
COMMENT ON COLUMN gold.sales_summary_sums.lines IS 'Lines sold, returned and cancelled.';
COMMENT ON COLUMN gold.sales_summary_sums.quantity IS 'Pieces sold less pieces returned and cancelled.';
COMMENT ON COLUMN gold.sales_summary_sums.gross_amount IS 'Unit price times quantity.';
COMMENT ON COLUMN gold.sales_summary_sums.discount_amount IS 'Line discounts.';
COMMENT ON COLUMN gold.sales_summary_sums.cost_amount IS 'Cost of the pieces.';

CREATE TABLE gold.sales_summary_days (
    summed_until date    NOT NULL,
    is_only_row  boolean PRIMARY KEY DEFAULT true CHECK (is_only_row)
);
COMMENT ON TABLE gold.sales_summary_days IS 'One row: how far gold.sales_summary_sums goes.';
COMMENT ON COLUMN gold.sales_summary_days.summed_until IS 'The last UTC day in the sums; every day before it is in them too.';
COMMENT ON COLUMN gold.sales_summary_days.is_only_row IS 'Always true: there is one row.';
INSERT INTO gold.sales_summary_days (summed_until) VALUES ('2000-01-01');

CREATE VIEW gold.sales_summary AS
SELECT
    s.product_id,
    p.product_name,
    p.category,
    s.currency,
    s.lines,
    s.quantity,
    s.gross_amount,
    s.discount_amount,
    s.gross_amount - s.discount_amount                                      AS revenue_amount,
    s.cost_amount,
    s.gross_amount - s.discount_amount - s.cost_amount                      AS margin_amount,
    round((s.gross_amount - s.discount_amount) / nullif(s.quantity, 0), 2)  AS average_unit_revenue
FROM (
    SELECT
        product_id,
        currency,
        sum(lines)::bigint    AS lines,
        sum(quantity)::bigint AS quantity,
        sum(gross_amount)     AS gross_amount,
        sum(discount_amount)  AS discount_amount,
        sum(cost_amount)      AS cost_amount
    FROM (
        SELECT product_id, currency, lines, quantity, gross_amount, discount_amount, cost_amount
        FROM gold.sales_summary_sums
        UNION ALL
        SELECT product_id, currency, lines, quantity, gross_amount, discount_amount, cost_amount
        FROM gold.product_performance_sums
        WHERE sales_date > (SELECT summed_until FROM gold.sales_summary_days)
    ) AS parts
    GROUP BY product_id, currency
) AS s
LEFT JOIN silver.dim_products AS p USING (product_id);
COMMENT ON VIEW gold.sales_summary IS 'One row per product and currency: how the product sold in all time. Returned and cancelled lines count negative.';
COMMENT ON COLUMN gold.sales_summary.product_id IS 'The shop''s product number.';
COMMENT ON COLUMN gold.sales_summary.product_name IS 'Latest name.';
COMMENT ON COLUMN gold.sales_summary.category IS 'Latest category.';
COMMENT ON COLUMN gold.sales_summary.currency IS 'ISO 4217, of all amounts in the row.';
COMMENT ON COLUMN gold.sales_summary.lines IS 'Lines sold, returned and cancelled.';
COMMENT ON COLUMN gold.sales_summary.quantity IS 'Pieces sold less pieces returned and cancelled.';
COMMENT ON COLUMN gold.sales_summary.gross_amount IS 'Unit price times quantity.';
COMMENT ON COLUMN gold.sales_summary.discount_amount IS 'Line discounts.';
COMMENT ON COLUMN gold.sales_summary.cost_amount IS 'Cost of the pieces.';
COMMENT ON COLUMN gold.sales_summary.revenue_amount IS 'gross_amount less discount_amount.';
COMMENT ON COLUMN gold.sales_summary.margin_amount IS 'revenue_amount less cost_amount.';
COMMENT ON COLUMN gold.sales_summary.average_unit_revenue IS 'revenue_amount per piece.';

-- ── payment_mix and geography_sales ──────────────────────────────────────────────────────────────────────────────────

CREATE TABLE gold.payment_mix_sums (
    sales_date     date NOT NULL,
    currency       text COLLATE "C" NOT NULL,
    payment_method text COLLATE "C" NOT NULL,
    orders         bigint NOT NULL,
    total_amount   numeric(24,2) NOT NULL,
    PRIMARY KEY (sales_date, currency, payment_method)
) WITH (fillfactor = 30);
COMMENT ON TABLE gold.payment_mix_sums IS 'One row per day, currency and payment method: the additive measures of the orders placed.';
COMMENT ON COLUMN gold.payment_mix_sums.sales_date IS 'UTC day of the event.';
COMMENT ON COLUMN gold.payment_mix_sums.currency IS 'ISO 4217, of all amounts in the row.';
COMMENT ON COLUMN gold.payment_mix_sums.payment_method IS 'The shop''s name of it.';
COMMENT ON COLUMN gold.payment_mix_sums.orders IS 'Orders placed.';
COMMENT ON COLUMN gold.payment_mix_sums.total_amount IS 'What customers were asked to pay for them.';

CREATE VIEW gold.payment_mix AS
SELECT
    sales_date,
    currency,
    payment_method,
    orders,
    total_amount,
    round(orders / nullif(sum(orders) OVER of_the_day, 0), 4)              AS share_of_orders,
    round(total_amount / nullif(sum(total_amount) OVER of_the_day, 0), 4)  AS share_of_amount
FROM gold.payment_mix_sums
WINDOW of_the_day AS (PARTITION BY sales_date, currency);
COMMENT ON VIEW gold.payment_mix IS 'One row per day, currency and payment method: how customers meant to pay for the orders placed.';
COMMENT ON COLUMN gold.payment_mix.sales_date IS 'UTC day of the event.';
COMMENT ON COLUMN gold.payment_mix.currency IS 'ISO 4217, of all amounts in the row.';
COMMENT ON COLUMN gold.payment_mix.payment_method IS 'The shop''s name of it.';
COMMENT ON COLUMN gold.payment_mix.orders IS 'Orders placed.';
COMMENT ON COLUMN gold.payment_mix.total_amount IS 'What customers were asked to pay for them.';
COMMENT ON COLUMN gold.payment_mix.share_of_orders IS 'Of the orders of the day and currency, 0 to 1.';
COMMENT ON COLUMN gold.payment_mix.share_of_amount IS 'Of the total_amount of the day and currency, 0 to 1.';

CREATE TABLE gold.geography_sales_sums (
    sales_date       date NOT NULL,
    currency         text COLLATE "C" NOT NULL,
    country          text COLLATE "C" NOT NULL,
    city             text COLLATE "C" NOT NULL,
    orders           bigint NOT NULL,
    units_sold       bigint NOT NULL,
    total_amount     numeric(24,2) NOT NULL,
    returned_amount  numeric(24,2) NOT NULL,
    cancelled_amount numeric(24,2) NOT NULL,
    PRIMARY KEY (sales_date, currency, country, city)
) WITH (fillfactor = 30);
COMMENT ON TABLE gold.geography_sales_sums IS 'One row per day, currency, country and city: the additive measures of sales.';
COMMENT ON COLUMN gold.geography_sales_sums.sales_date IS 'UTC day of the event.';
COMMENT ON COLUMN gold.geography_sales_sums.currency IS 'ISO 4217, of all amounts in the row.';
COMMENT ON COLUMN gold.geography_sales_sums.country IS 'ISO 3166-1 alpha-2, of the customer at the event.';
COMMENT ON COLUMN gold.geography_sales_sums.city IS 'City of the customer at the event.';
COMMENT ON COLUMN gold.geography_sales_sums.orders IS 'Orders placed.';
COMMENT ON COLUMN gold.geography_sales_sums.units_sold IS 'Pieces in the orders placed.';
COMMENT ON COLUMN gold.geography_sales_sums.total_amount IS 'What customers were asked to pay for the orders placed.';
COMMENT ON COLUMN gold.geography_sales_sums.returned_amount IS 'Totals given back for returns.';
COMMENT ON COLUMN gold.geography_sales_sums.cancelled_amount IS 'Totals of the orders cancelled.';

CREATE VIEW gold.geography_sales AS
SELECT
    sales_date,
    currency,
    country,
    city,
    orders,
    units_sold,
    total_amount,
    returned_amount,
    cancelled_amount,
    total_amount - returned_amount - cancelled_amount  AS net_amount
FROM gold.geography_sales_sums;
COMMENT ON VIEW gold.geography_sales IS 'One row per day, currency, country and city: where customers ordered from.';
COMMENT ON COLUMN gold.geography_sales.sales_date IS 'UTC day of the event.';
COMMENT ON COLUMN gold.geography_sales.currency IS 'ISO 4217, of all amounts in the row.';
COMMENT ON COLUMN gold.geography_sales.country IS 'ISO 3166-1 alpha-2, of the customer at the event.';
COMMENT ON COLUMN gold.geography_sales.city IS 'City of the customer at the event.';
COMMENT ON COLUMN gold.geography_sales.orders IS 'Orders placed.';
COMMENT ON COLUMN gold.geography_sales.units_sold IS 'Pieces in the orders placed.';
COMMENT ON COLUMN gold.geography_sales.total_amount IS 'What customers were asked to pay for the orders placed.';
COMMENT ON COLUMN gold.geography_sales.returned_amount IS 'Totals given back for returns.';
COMMENT ON COLUMN gold.geography_sales.cancelled_amount IS 'Totals of the orders cancelled.';
COMMENT ON COLUMN gold.geography_sales.net_amount IS 'total_amount less returned_amount and cancelled_amount.';

-- ── customers: by month, and what follows from the months ────────────────────────────────────────────────────────────

-- A customer's value, segment and cohort follow from the customer's months alone. A fold reads the months of the customers
-- that it touches before and after, and adds the difference.

CREATE TABLE gold.customer_months (
    customer_key     bigint NOT NULL,
    currency_key     integer NOT NULL,
    month            date NOT NULL,
    orders           bigint NOT NULL,
    placed_amount    numeric(24,2) NOT NULL,
    returned_amount  numeric(24,2) NOT NULL,
    cancelled_amount numeric(24,2) NOT NULL,
    first_order_at   timestamptz,
    last_order_at    timestamptz,
    PRIMARY KEY (customer_key, currency_key, month)
) WITH (fillfactor = 60);
COMMENT ON TABLE gold.customer_months IS 'One row per known customer, currency and month with an order, a return or a cancellation.';
COMMENT ON COLUMN gold.customer_months.customer_key IS 'silver.dim_customers; guests are not in it.';
COMMENT ON COLUMN gold.customer_months.currency_key IS 'silver.dim_currencies, of all amounts in the row.';
COMMENT ON COLUMN gold.customer_months.month IS 'First day of the UTC month of the events.';
COMMENT ON COLUMN gold.customer_months.orders IS 'Orders placed.';
COMMENT ON COLUMN gold.customer_months.placed_amount IS 'Totals of the orders placed.';
COMMENT ON COLUMN gold.customer_months.returned_amount IS 'Totals given back for returns.';
COMMENT ON COLUMN gold.customer_months.cancelled_amount IS 'Totals of the orders cancelled.';
COMMENT ON COLUMN gold.customer_months.first_order_at IS 'Event time of the first order of the month (UTC); null where there is none.';
COMMENT ON COLUMN gold.customer_months.last_order_at IS 'Event time of the last order of the month (UTC); null where there is none.';

CREATE TABLE gold.customer_value_sums (
    customer_id      text COLLATE "C" NOT NULL,
    currency         text COLLATE "C" NOT NULL,
    orders           bigint NOT NULL,
    placed_amount    numeric(24,2) NOT NULL,
    returned_amount  numeric(24,2) NOT NULL,
    cancelled_amount numeric(24,2) NOT NULL,
    net_amount       numeric(24,2) NOT NULL,
    first_order_at   timestamptz,
    last_order_at    timestamptz,
    frequency_score  integer NOT NULL,
    monetary_score   integer NOT NULL,
    PRIMARY KEY (customer_id, currency)
) WITH (fillfactor = 60);
COMMENT ON TABLE gold.customer_value_sums IS 'One row per known customer and currency with an order, a return or a cancellation: sums of all time.';
COMMENT ON COLUMN gold.customer_value_sums.customer_id IS 'The shop''s customer number.';
COMMENT ON COLUMN gold.customer_value_sums.currency IS 'ISO 4217, of all amounts in the row.';
COMMENT ON COLUMN gold.customer_value_sums.orders IS 'Orders placed.';
COMMENT ON COLUMN gold.customer_value_sums.placed_amount IS 'Totals of the orders placed.';
COMMENT ON COLUMN gold.customer_value_sums.returned_amount IS 'Totals given back for returns.';
COMMENT ON COLUMN gold.customer_value_sums.cancelled_amount IS 'Totals of the orders cancelled.';
COMMENT ON COLUMN gold.customer_value_sums.net_amount IS 'placed_amount less returned_amount and cancelled_amount.';
COMMENT ON COLUMN gold.customer_value_sums.first_order_at IS 'Event time of the first order (UTC); null where there is none.';
COMMENT ON COLUMN gold.customer_value_sums.last_order_at IS 'Event time of the last order (UTC); null where there is none.';
COMMENT ON COLUMN gold.customer_value_sums.frequency_score IS '1 to 5, by gold.rfm_cuts; 5 ordered most often.';
COMMENT ON COLUMN gold.customer_value_sums.monetary_score IS '1 to 5, by gold.rfm_cuts; 5 spent most.';

-- The best customers are asked for by score and amount: only the first score is sorted. An index on the amount itself,
-- which changes with every order, would cost each fold as much again as the table.
CREATE INDEX customer_value_sums_by_score ON gold.customer_value_sums (currency, monetary_score);

-- Fixed cut points instead of quintiles: one customer's order then never moves another customer's score, so that scores
-- can be kept as events come in. Orders and net amount are scored when a fold writes; changed cuts need a rebuild.
CREATE TABLE gold.rfm_cuts (
    currency     text      COLLATE "C" PRIMARY KEY,
    recency_days integer[] NOT NULL CHECK (cardinality(recency_days) = 4),
    orders       bigint[]  NOT NULL CHECK (cardinality(orders) = 4),
    net_amount   numeric[] NOT NULL CHECK (cardinality(net_amount) = 4)
);
COMMENT ON TABLE gold.rfm_cuts IS 'One row per currency with a scale of its own, and one for all others: where the scores of customers are cut.';
COMMENT ON COLUMN gold.rfm_cuts.currency IS 'ISO 4217, or default for every currency that has no row.';
COMMENT ON COLUMN gold.rfm_cuts.recency_days IS 'Days since the last order: from so many on the recency score is 4, 3, 2, 1; below the first it is 5.';
COMMENT ON COLUMN gold.rfm_cuts.orders IS 'Orders: from so many on the frequency score is 2, 3, 4, 5; below the first it is 1.';
COMMENT ON COLUMN gold.rfm_cuts.net_amount IS 'Net amount: from so much on the monetary score is 2, 3, 4, 5; below the first it is 1.';
INSERT INTO gold.rfm_cuts VALUES
    ('default', '{8, 31, 91, 181}', '{2, 3, 5, 10}', '{100, 300, 1000, 3000}'),
    ('JPY', '{8, 31, 91, 181}', '{2, 3, 5, 10}', '{15000, 45000, 150000, 450000}');

CREATE TABLE gold.rfm_segments (
    recency_score   integer NOT NULL CHECK (recency_score BETWEEN 1 AND 5),
    frequency_score integer NOT NULL CHECK (frequency_score BETWEEN 1 AND 5),
    monetary_score  integer NOT NULL CHECK (monetary_score BETWEEN 1 AND 5),
    segment         text    COLLATE "C" NOT NULL,
    PRIMARY KEY (recency_score, frequency_score, monetary_score)
);
COMMENT ON TABLE gold.rfm_segments IS 'One row per combination of scores: the segment that it makes.';
COMMENT ON COLUMN gold.rfm_segments.recency_score IS '1 to 5; 5 ordered most recently.';
COMMENT ON COLUMN gold.rfm_segments.frequency_score IS '1 to 5; 5 ordered most often.';
COMMENT ON COLUMN gold.rfm_segments.monetary_score IS '1 to 5; 5 spent most.';
COMMENT ON COLUMN gold.rfm_segments.segment IS 'champions, loyal, new, promising, needs_attention, cannot_lose, at_risk, hibernating or lost.';
INSERT INTO gold.rfm_segments
SELECT r, f, m,
       CASE WHEN r >= 4 AND f >= 4 AND m >= 4 THEN 'champions'
            WHEN r >= 3 AND f >= 3            THEN 'loyal'
            WHEN r >= 4 AND f = 1             THEN 'new'
            WHEN r >= 4                       THEN 'promising'
            WHEN r = 3                        THEN 'needs_attention'
            WHEN f >= 4 AND m >= 4            THEN 'cannot_lose'
            WHEN f >= 3 OR (r = 2 AND f = 2)  THEN 'at_risk'
            WHEN r = 2                        THEN 'hibernating'
            ELSE 'lost' END
FROM generate_series(1, 5) AS r, generate_series(1, 5) AS f, generate_series(1, 5) AS m;

CREATE TABLE gold.customer_segments_sums (
    currency        text COLLATE "C" NOT NULL,
    last_order_date date NOT NULL,
    frequency_score integer NOT NULL,
    monetary_score  integer NOT NULL,
    customers       bigint NOT NULL,
    orders          bigint NOT NULL,
    net_amount      numeric(24,2) NOT NULL,
    PRIMARY KEY (currency, last_order_date, frequency_score, monetary_score)
) WITH (fillfactor = 30);
COMMENT ON TABLE gold.customer_segments_sums IS 'One row per currency, day of the last order, frequency score and monetary score: the customers who are there now, with their sums of all time.';
COMMENT ON COLUMN gold.customer_segments_sums.currency IS 'ISO 4217, of all amounts in the row.';
COMMENT ON COLUMN gold.customer_segments_sums.last_order_date IS 'UTC day of the customers'' last order; what recency is counted from.';
COMMENT ON COLUMN gold.customer_segments_sums.frequency_score IS '1 to 5, by gold.rfm_cuts.';
COMMENT ON COLUMN gold.customer_segments_sums.monetary_score IS '1 to 5, by gold.rfm_cuts.';
COMMENT ON COLUMN gold.customer_segments_sums.customers IS 'Distinct known customers.';
COMMENT ON COLUMN gold.customer_segments_sums.orders IS 'Orders they placed.';
COMMENT ON COLUMN gold.customer_segments_sums.net_amount IS 'Their totals less returns and cancellations.';

CREATE VIEW gold.rfm_scales AS
SELECT
    k.currency_code                                AS currency,
    coalesce(own.recency_days, usual.recency_days) AS recency_days,
    (
        SELECT max(n.last_order_date)
        FROM gold.customer_segments_sums AS n
        WHERE n.currency = k.currency_code AND n.customers <> 0
    )                                              AS newest_order_date
FROM silver.dim_currencies AS k
JOIN gold.rfm_cuts AS usual ON usual.currency = 'default'
LEFT JOIN gold.rfm_cuts AS own ON own.currency = k.currency_code;
COMMENT ON VIEW gold.rfm_scales IS 'One row per currency: what recency is counted from, and where its scores are cut.';
COMMENT ON COLUMN gold.rfm_scales.currency IS 'ISO 4217.';
COMMENT ON COLUMN gold.rfm_scales.recency_days IS 'The currency''s cut points, or the default ones: gold.rfm_cuts.';
COMMENT ON COLUMN gold.rfm_scales.newest_order_date IS 'UTC day of the newest order of a known customer; null where there is none.';

CREATE VIEW gold.customer_segments AS
WITH scales AS MATERIALIZED (
    SELECT * FROM gold.rfm_scales
),
scored AS (
    SELECT
        s.currency,
        5 - width_bucket(scales.newest_order_date - s.last_order_date, scales.recency_days) AS recency_score,
        s.frequency_score,
        s.monetary_score,
        sum(s.customers)  AS customers,
        sum(s.orders)     AS orders,
        sum(s.net_amount) AS net_amount
    FROM gold.customer_segments_sums AS s
    JOIN scales USING (currency)
    WHERE s.customers <> 0
    GROUP BY 1, 2, 3, 4
)
SELECT
    scored.currency,
    g.segment,
    sum(scored.customers)::bigint                                                               AS customers,
    sum(scored.orders)::bigint                                                                  AS orders,
    sum(scored.net_amount)                                                                      AS net_amount,
    round(sum(scored.customers) / sum(sum(scored.customers)) OVER of_the_currency, 4)           AS share_of_customers,
    round(sum(scored.net_amount) / nullif(sum(sum(scored.net_amount)) OVER of_the_currency, 0), 4)
                                                                                                AS share_of_net_amount
FROM scored
JOIN gold.rfm_segments AS g USING (recency_score, frequency_score, monetary_score)
GROUP BY scored.currency, g.segment
WINDOW of_the_currency AS (PARTITION BY scored.currency);
COMMENT ON VIEW gold.customer_segments IS 'One row per currency and segment: the known customers who are in it now. Recency counts from the currency''s newest order day in the data, not from the clock.';
COMMENT ON COLUMN gold.customer_segments.currency IS 'ISO 4217, of all amounts in the row.';
COMMENT ON COLUMN gold.customer_segments.segment IS 'gold.rfm_segments.';
COMMENT ON COLUMN gold.customer_segments.customers IS 'Distinct known customers.';
COMMENT ON COLUMN gold.customer_segments.orders IS 'Orders they placed in all time.';
COMMENT ON COLUMN gold.customer_segments.net_amount IS 'Their totals less returns and cancellations.';
COMMENT ON COLUMN gold.customer_segments.share_of_customers IS 'Of the currency''s customers, 0 to 1.';
COMMENT ON COLUMN gold.customer_segments.share_of_net_amount IS 'Of the currency''s net_amount, 0 to 1.';

-- Subqueries instead of joins: whoever asks for the first twenty pays for twenty.
CREATE VIEW gold.customer_value AS
SELECT
    s.customer_id,
    s.currency,
    s.first_order_at,
    s.last_order_at,
    s.orders,
    s.placed_amount,
    s.returned_amount,
    s.cancelled_amount,
    s.net_amount,
    round(s.placed_amount / s.orders, 2) AS average_ticket,
    (
        SELECT 5 - width_bucket(scales.newest_order_date - (s.last_order_at AT TIME ZONE 'UTC')::date, scales.recency_days)
        FROM gold.rfm_scales AS scales
        WHERE scales.currency = s.currency
    ) AS recency_score,
    s.frequency_score,
    s.monetary_score,
    (
        SELECT g.segment
        FROM gold.rfm_scales AS scales
        JOIN gold.rfm_segments AS g
            ON g.recency_score
                = 5 - width_bucket(scales.newest_order_date - (s.last_order_at AT TIME ZONE 'UTC')::date, scales.recency_days)
        WHERE scales.currency = s.currency
          AND g.frequency_score = s.frequency_score AND g.monetary_score = s.monetary_score
    ) AS segment
FROM gold.customer_value_sums AS s
WHERE s.orders > 0;
COMMENT ON VIEW gold.customer_value IS 'One row per known customer and currency in which the customer ordered: what the customer is worth. Recency counts from the currency''s newest order day in the data, not from the clock.';
COMMENT ON COLUMN gold.customer_value.customer_id IS 'The shop''s customer number.';
COMMENT ON COLUMN gold.customer_value.currency IS 'ISO 4217, of all amounts in the row.';
COMMENT ON COLUMN gold.customer_value.orders IS 'Orders placed.';
COMMENT ON COLUMN gold.customer_value.placed_amount IS 'Totals of the orders placed.';
COMMENT ON COLUMN gold.customer_value.returned_amount IS 'Totals given back for returns.';
COMMENT ON COLUMN gold.customer_value.cancelled_amount IS 'Totals of the orders cancelled.';
COMMENT ON COLUMN gold.customer_value.net_amount IS 'placed_amount less returned_amount and cancelled_amount.';
COMMENT ON COLUMN gold.customer_value.first_order_at IS 'Event time of the first order (UTC).';
COMMENT ON COLUMN gold.customer_value.last_order_at IS 'Event time of the last order (UTC).';
COMMENT ON COLUMN gold.customer_value.average_ticket IS 'placed_amount per order.';
COMMENT ON COLUMN gold.customer_value.recency_score IS '1 to 5, by gold.rfm_cuts; 5 ordered most recently.';
COMMENT ON COLUMN gold.customer_value.frequency_score IS '1 to 5, by gold.rfm_cuts; 5 ordered most often.';
COMMENT ON COLUMN gold.customer_value.monetary_score IS '1 to 5, by gold.rfm_cuts; 5 spent most.';
COMMENT ON COLUMN gold.customer_value.segment IS 'gold.rfm_segments.';

CREATE TABLE gold.cohort_retention_sums (
    currency     text COLLATE "C" NOT NULL,
    cohort_month date NOT NULL,
    months_since integer NOT NULL,
    customers    bigint NOT NULL,
    orders       bigint NOT NULL,
    net_amount   numeric(24,2) NOT NULL,
    PRIMARY KEY (currency, cohort_month, months_since)
) WITH (fillfactor = 30);
COMMENT ON TABLE gold.cohort_retention_sums IS 'One row per currency, month of the first order and months since then: who came back.';
COMMENT ON COLUMN gold.cohort_retention_sums.currency IS 'ISO 4217, of all amounts in the row.';
COMMENT ON COLUMN gold.cohort_retention_sums.cohort_month IS 'First day of the UTC month of the customers'' first order in the currency.';
COMMENT ON COLUMN gold.cohort_retention_sums.months_since IS 'Months from cohort_month to the month counted; negative for a return dated before its customer''s first order.';
COMMENT ON COLUMN gold.cohort_retention_sums.customers IS 'Distinct known customers of the cohort who ordered in the month.';
COMMENT ON COLUMN gold.cohort_retention_sums.orders IS 'Orders they placed in the month.';
COMMENT ON COLUMN gold.cohort_retention_sums.net_amount IS 'Their totals of the month less returns and cancellations of the month.';

CREATE VIEW gold.cohort_retention AS
SELECT
    s.currency,
    s.cohort_month,
    s.months_since,
    first_month.customers                                      AS cohort_customers,
    s.customers,
    s.orders,
    s.net_amount,
    round(s.customers::numeric / first_month.customers, 4)     AS retention
FROM gold.cohort_retention_sums AS s
JOIN gold.cohort_retention_sums AS first_month
    ON first_month.currency = s.currency AND first_month.cohort_month = s.cohort_month AND first_month.months_since = 0
WHERE first_month.customers <> 0 AND (s.customers, s.orders, s.net_amount) <> (0, 0, 0);
COMMENT ON VIEW gold.cohort_retention IS 'One row per currency, month of the first order and months since then: who came back.';
COMMENT ON COLUMN gold.cohort_retention.currency IS 'ISO 4217, of all amounts in the row.';
COMMENT ON COLUMN gold.cohort_retention.cohort_month IS 'First day of the UTC month of the customers'' first order in the currency.';
COMMENT ON COLUMN gold.cohort_retention.months_since IS 'Months from cohort_month to the month counted; negative for a return dated before its customer''s first order.';
COMMENT ON COLUMN gold.cohort_retention.customers IS 'Distinct known customers of the cohort who ordered in the month.';
COMMENT ON COLUMN gold.cohort_retention.orders IS 'Orders they placed in the month.';
COMMENT ON COLUMN gold.cohort_retention.net_amount IS 'Their totals of the month less returns and cancellations of the month.';
COMMENT ON COLUMN gold.cohort_retention.cohort_customers IS 'Customers of the cohort.';
COMMENT ON COLUMN gold.cohort_retention.retention IS 'customers of cohort_customers, 0 to 1.';

CREATE TABLE gold.new_customers_sums (
    sales_date date NOT NULL,
    currency   text COLLATE "C" NOT NULL,
    customers  bigint NOT NULL,
    PRIMARY KEY (sales_date, currency)
) WITH (fillfactor = 30);
COMMENT ON TABLE gold.new_customers_sums IS 'One row per day and currency: known customers whose first order in the currency was on that day.';
COMMENT ON COLUMN gold.new_customers_sums.sales_date IS 'UTC day of the first order.';
COMMENT ON COLUMN gold.new_customers_sums.currency IS 'ISO 4217.';
COMMENT ON COLUMN gold.new_customers_sums.customers IS 'Distinct known customers; 0 where late orders moved all of them to earlier days.';

CREATE VIEW gold.new_customers AS
SELECT sales_date, currency, customers
FROM gold.new_customers_sums
WHERE customers <> 0;
COMMENT ON VIEW gold.new_customers IS 'One row per day and currency: known customers whose first order in the currency was on that day.';
COMMENT ON COLUMN gold.new_customers.sales_date IS 'UTC day of the first order.';
COMMENT ON COLUMN gold.new_customers.currency IS 'ISO 4217.';
COMMENT ON COLUMN gold.new_customers.customers IS 'Distinct known customers.';

-- ── order_funnel ─────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE gold.order_funnel_sums (
    step_date    date NOT NULL,
    step         text COLLATE "C" NOT NULL,
    orders       bigint NOT NULL,
    timed_orders bigint NOT NULL,
    PRIMARY KEY (step_date, step)
) WITH (fillfactor = 30);
COMMENT ON TABLE gold.order_funnel_sums IS 'One row per day and step: the orders that took the step.';
COMMENT ON COLUMN gold.order_funnel_sums.step_date IS 'UTC day on which the orders took the step.';
COMMENT ON COLUMN gold.order_funnel_sums.step IS 'placed, paid, shipped, completed, returned or cancelled.';
COMMENT ON COLUMN gold.order_funnel_sums.orders IS 'Orders.';
COMMENT ON COLUMN gold.order_funnel_sums.timed_orders IS 'Of these, orders with a known earlier step.';

CREATE TABLE gold.order_funnel_minutes (
    step_date date NOT NULL,
    step      text COLLATE "C" NOT NULL,
    minutes   integer NOT NULL,
    orders    bigint NOT NULL,
    PRIMARY KEY (step_date, step, minutes)
) WITH (fillfactor = 60);
COMMENT ON TABLE gold.order_funnel_minutes IS 'One row per day, step and whole minutes since the previous step: what the median is found in, to the minute.';
COMMENT ON COLUMN gold.order_funnel_minutes.step_date IS 'UTC day on which the orders took the step.';
COMMENT ON COLUMN gold.order_funnel_minutes.step IS 'placed, paid, shipped, completed, returned or cancelled.';
COMMENT ON COLUMN gold.order_funnel_minutes.minutes IS 'Whole minutes since the previous step.';
COMMENT ON COLUMN gold.order_funnel_minutes.orders IS 'Orders.';

-- The first look at a median goes here: an hour has sixty times fewer rows.
CREATE TABLE gold.order_funnel_hours (
    step_date date NOT NULL,
    step      text COLLATE "C" NOT NULL,
    hours     integer NOT NULL,
    orders    bigint NOT NULL,
    PRIMARY KEY (step_date, step, hours)
) WITH (fillfactor = 60);
COMMENT ON TABLE gold.order_funnel_hours IS 'One row per day, step and whole hours since the previous step: leads the search for the median to its hour.';
COMMENT ON COLUMN gold.order_funnel_hours.step_date IS 'UTC day on which the orders took the step.';
COMMENT ON COLUMN gold.order_funnel_hours.step IS 'placed, paid, shipped, completed, returned or cancelled.';
COMMENT ON COLUMN gold.order_funnel_hours.hours IS 'Whole hours since the previous step.';
COMMENT ON COLUMN gold.order_funnel_hours.orders IS 'Orders.';

CREATE VIEW gold.order_funnel AS
SELECT
    s.step_date,
    s.step,
    s.orders,
    s.timed_orders,
    median.minutes AS median_minutes
FROM gold.order_funnel_sums AS s
LEFT JOIN LATERAL (
    SELECT in_hour.minutes
    FROM (
        SELECT h.hours, h.orders_before
        FROM (
            SELECT hours,
                   sum(orders) OVER so_far          AS orders_so_far,
                   sum(orders) OVER so_far - orders AS orders_before
            FROM gold.order_funnel_hours
            WHERE step_date = s.step_date AND step = s.step
            WINDOW so_far AS (ORDER BY hours ROWS UNBOUNDED PRECEDING)
        ) AS h
        WHERE h.orders_so_far * 2 >= s.timed_orders
        ORDER BY h.hours
        LIMIT 1
    ) AS hour
    CROSS JOIN LATERAL (
        SELECT m.minutes
        FROM (
            SELECT minutes, hour.orders_before + sum(orders) OVER (ORDER BY minutes ROWS UNBOUNDED PRECEDING) AS orders_so_far
            FROM gold.order_funnel_minutes
            WHERE step_date = s.step_date AND step = s.step
              AND minutes BETWEEN hour.hours * 60 AND hour.hours * 60 + 59
        ) AS m
        WHERE m.orders_so_far * 2 >= s.timed_orders
        ORDER BY m.minutes
        LIMIT 1
    ) AS in_hour
) AS median ON s.timed_orders > 0
WHERE (s.orders, s.timed_orders) <> (0, 0);
COMMENT ON VIEW gold.order_funnel IS 'One row per day and step: how many orders took the step, and how long that took them.';
COMMENT ON COLUMN gold.order_funnel.step_date IS 'UTC day on which the orders took the step.';
COMMENT ON COLUMN gold.order_funnel.step IS 'placed, paid, shipped, completed, returned or cancelled.';
COMMENT ON COLUMN gold.order_funnel.orders IS 'Orders that took the step.';
COMMENT ON COLUMN gold.order_funnel.timed_orders IS 'Of these, orders with a known earlier step.';
COMMENT ON COLUMN gold.order_funnel.median_minutes IS 'The fewest whole minutes since the previous step that at least half of timed_orders needed no more than; null where timed_orders is 0.';

-- Lines that a cancellation takes back and steps that are taken back are few: found without reading the others.
CREATE INDEX fct_order_lines_taken_back ON silver.fct_order_lines (order_event_key) WHERE line_no < 0;
CREATE INDEX fct_order_steps_taken_back ON silver.fct_order_steps (order_event_key) WHERE orders < 0;

-- ── figures that were published ──────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE ops.closed_days (
    day       date        PRIMARY KEY,
    closed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ops.closed_days IS 'One row per UTC day whose figures count as published: it ended more than a day ago, and everything that was known of it was in gold.';
COMMENT ON COLUMN ops.closed_days.day IS 'The day.';
COMMENT ON COLUMN ops.closed_days.closed_at IS 'When it was closed (UTC).';

CREATE TABLE ops.restatements (
    restatement_id bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gold_batch_id  bigint      NOT NULL,
    day            date        NOT NULL,
    mart           text        COLLATE "C" NOT NULL,
    measure        text        COLLATE "C" NOT NULL,
    cause          text        COLLATE "C" NOT NULL CHECK (cause IN ('late_data', 'rebuild', 'release')),
    cell           jsonb       NOT NULL,
    old_value      numeric     NOT NULL CHECK (old_value <> 'NaN'),
    new_value      numeric     NOT NULL CHECK (new_value <> 'NaN'),
    recorded_at    timestamptz NOT NULL DEFAULT now(),
    CHECK (old_value <> new_value)
);
COMMENT ON TABLE ops.restatements IS 'One row per published figure and transaction that changed it: a measure of a mart''s cell of a closed day.';
COMMENT ON COLUMN ops.restatements.restatement_id IS 'Surrogate key, in the order of recording.';
COMMENT ON COLUMN ops.restatements.gold_batch_id IS 'ops.gold_batches: the transaction; ops.silver_batches.gold_batch_id leads on to the events. No foreign key, since a rebuild makes those rows anew.';
COMMENT ON COLUMN ops.restatements.day IS 'The closed day.';
COMMENT ON COLUMN ops.restatements.mart IS 'The mart, without its schema.';
COMMENT ON COLUMN ops.restatements.measure IS 'The mart''s column.';
COMMENT ON COLUMN ops.restatements.cause IS 'late_data: events came in after the day was closed. rebuild: the marts were built again. release: events were released from quarantine.';
COMMENT ON COLUMN ops.restatements.cell IS 'The rest of the cell''s key, by column.';
COMMENT ON COLUMN ops.restatements.old_value IS 'The figure before; 0 where the cell was not there.';
COMMENT ON COLUMN ops.restatements.new_value IS 'The figure after.';
COMMENT ON COLUMN ops.restatements.recorded_at IS 'When (UTC).';
CREATE INDEX restatements_by_day ON ops.restatements (day, mart);

-- ── rights ──────────────────────────────────────────────────────────────────────────────────────────────────────────

GRANT SELECT, INSERT, UPDATE ON gold.sales_hourly_sums, gold.sales_summary_sums, gold.sales_summary_days,
    gold.payment_mix_sums,
    gold.geography_sales_sums, gold.customer_months, gold.customer_value_sums, gold.customer_segments_sums,
    gold.cohort_retention_sums, gold.new_customers_sums, gold.order_funnel_sums, gold.order_funnel_minutes,
    gold.order_funnel_hours TO transformer;
GRANT SELECT, INSERT ON ops.closed_days, ops.restatements TO transformer;
GRANT SELECT ON ALL TABLES IN SCHEMA gold TO transformer, dashboard_reader;
GRANT SELECT ON ops.closed_days, ops.restatements TO dashboard_reader;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA ops TO transformer;
