INSERT INTO gold.sales_hourly_sums AS m
SELECT * FROM sales_hourly ORDER BY sales_hour, currency, channel
ON CONFLICT (sales_hour, currency, channel) DO UPDATE SET
    orders                 = m.orders + excluded.orders,
    units_sold             = m.units_sold + excluded.units_sold,
    gross_amount           = m.gross_amount + excluded.gross_amount,
    discount_amount        = m.discount_amount + excluded.discount_amount,
    tax_amount             = m.tax_amount + excluded.tax_amount,
    shipping_amount        = m.shipping_amount + excluded.shipping_amount,
    total_amount           = m.total_amount + excluded.total_amount,
    returns                = m.returns + excluded.returns,
    units_returned         = m.units_returned + excluded.units_returned,
    returned_amount        = m.returned_amount + excluded.returned_amount,
    returned_goods_amount  = m.returned_goods_amount + excluded.returned_goods_amount,
    cancellations          = m.cancellations + excluded.cancellations,
    cancelled_amount       = m.cancelled_amount + excluded.cancelled_amount,
    cost_amount            = m.cost_amount + excluded.cost_amount,
    cancelled_goods_amount = m.cancelled_goods_amount + excluded.cancelled_goods_amount
