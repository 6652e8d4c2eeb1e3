// What stands on the page is what stands in the marts.

import assert from "node:assert/strict";
import { test } from "node:test";

import { openPage } from "../browser.js";
import { sql } from "../pipeline.js";
import { plain, tableRows, visit } from "../views.js";

const figure = async (page, name) => plain(await page.locator(`[data-figure='${name}']`).innerText());
// PostgreSQL rounds halves away from zero, browsers too; both get the exact decimals.
const SUMS = `coalesce(sum(orders), 0)::text AS orders, coalesce(round(sum(net_amount)), 0)::text AS revenue,
  round(sum(total_amount) / nullif(sum(orders), 0), 2)::text AS ticket, coalesce(round(sum(margin_amount)), 0)::text AS margin`;

const keyFigures = async (page) => {
  const shown = {};
  for (const name of ["orders", "revenue", "ticket", "margin"]) shown[name] = await figure(page, name);
  return shown;
};

export const figures = (world) => {
  test("key figures of several stretches and currencies", async () => {
    const { page, context, troubles } = await openPage(world.browser, world.pipeline.url);
    const stretches = [["7d", "sales_date > last - 7"], ["30d", "sales_date > last - 30"], ["all", "true"]];
    for (const currency of ["EUR", "USD", "GBP"]) {
      for (const [range, where] of stretches) {
        await visit(page, world, "sales", `&currency=${currency}&range=${range}`);
        const [expected] = await sql(`SELECT ${SUMS} FROM gold.sales_performance,
          (SELECT max(sales_date) AS last FROM gold.sales_performance WHERE currency = '${currency}') AS l
          WHERE currency = '${currency}' AND ${where}`);
        assert.deepEqual(await keyFigures(page), expected, `${currency} ${range}`);
      }
    }
    assert.deepEqual(troubles, []);
    await context.close();
  });

  test("changes against the stretch before", async () => {
    const { page, context } = await openPage(world.browser, world.pipeline.url);
    await visit(page, world, "sales", "&currency=EUR&range=14d");
    const [expected] = await sql(`SELECT
        round(100.0 * (sum(orders) FILTER (WHERE sales_date > last - 14) - sum(orders) FILTER (WHERE sales_date <= last - 14))
          / sum(orders) FILTER (WHERE sales_date <= last - 14), 1)::text AS orders
      FROM gold.sales_performance, (SELECT max(sales_date) AS last FROM gold.sales_performance WHERE currency = 'EUR') AS l
      WHERE currency = 'EUR' AND sales_date > last - 28`);
    const told = await page.locator(".figure", { hasText: "Orders" }).locator(".change").textContent();
    const signed = Number(plain(told)) * (told.includes("down") ? -1 : 1);
    assert.equal(signed, Number(expected.orders), told);
    await context.close();
  });

  test("revenue by day and channel, as the chart's table", async () => {
    const { page, context } = await openPage(world.browser, world.pipeline.url);
    await visit(page, world, "sales", "&currency=EUR&range=30d");
    assert.equal(await page.locator(".uplot canvas").count(), 1);
    await page.getByRole("button", { name: "Table: Revenue by channel" }).click();
    const shown = await tableRows(page, "Net revenue by day and channel");
    const expected = await sql(`SELECT d::date::text AS day, coalesce(net_amount, 0)::numeric(18,2)::text AS net
      FROM (SELECT max(sales_date) AS last FROM gold.sales_performance WHERE currency = 'EUR') AS l,
        generate_series(last - 29, last, interval '1 day') AS d CROSS JOIN unnest('{web,mobile,in_store}'::text[]) AS c (channel)
      LEFT JOIN gold.sales_performance AS s ON s.sales_date = d::date AND s.currency = 'EUR' AND s.channel = c.channel
      ORDER BY d DESC, array_position('{web,mobile,in_store}'::text[], c.channel)`);
    const flat = shown.flatMap((row) => ["Web", "Mobile", "In store"].map((name) => plain(row[name])));
    assert.equal(shown.length, 30);
    assert.deepEqual(flat, expected.map((row) => row.net));
    await context.close();
  });

  test("products, categories and countries", async () => {
    const { page, context } = await openPage(world.browser, world.pipeline.url);
    await visit(page, world, "sales", "&currency=EUR&range=all");
    const products = await sql(`SELECT product_name || category AS name, round(sum(revenue_amount))::text AS revenue, sum(quantity)::text AS pieces
      FROM gold.product_performance WHERE currency = 'EUR' GROUP BY product_id, product_name, category
      ORDER BY sum(revenue_amount) DESC, product_id LIMIT 10`);
    assert.deepEqual((await tableRows(page, "Top products by revenue")).map((row) => ({ name: row.Product, revenue: plain(row.Revenue), pieces: plain(row.Pieces) })), products);
    const categories = await sql(`SELECT category AS name, round(sum(revenue_amount))::text AS revenue
      FROM gold.item_category_performance WHERE currency = 'EUR' GROUP BY category ORDER BY sum(revenue_amount) DESC LIMIT 12`);
    assert.deepEqual((await tableRows(page, "Revenue by category")).map((row) => ({ name: row.Category, revenue: plain(row.Revenue) })), categories);
    const countries = await sql(`SELECT round(sum(net_amount))::text AS revenue, sum(orders)::text AS orders
      FROM gold.geography_sales WHERE currency = 'EUR' GROUP BY country ORDER BY sum(net_amount) DESC LIMIT 12`);
    assert.deepEqual((await tableRows(page, "Net revenue by country")).map((row) => ({ revenue: plain(row.Revenue), orders: plain(row.Orders) })), countries);
    await context.close();
  });

  test("hours of the week, as the shades' table", async () => {
    const { page, context } = await openPage(world.browser, world.pipeline.url);
    await visit(page, world, "sales", "&currency=EUR&range=all");
    await page.getByRole("button", { name: "Table: When people buy" }).click();
    const shown = (await tableRows(page, "Orders by weekday and hour")).flatMap((row) => Object.entries(row).filter(([name]) => /^\d\d$/.test(name)).map(([, value]) => Number(plain(value))));
    const expected = await sql(`SELECT d, h, coalesce(sum(orders), 0)::int AS orders FROM generate_series(1, 7) AS d CROSS JOIN generate_series(0, 23) AS h
      LEFT JOIN gold.sales_hourly AS s ON s.currency = 'EUR' AND extract(isodow FROM s.sales_hour AT TIME ZONE 'UTC') = d
        AND extract(hour FROM s.sales_hour AT TIME ZONE 'UTC') = h GROUP BY d, h ORDER BY d, h`);
    // By number rather than by the order of an object's members.
    const sorted = (values) => [...values].sort((one, other) => one - other);
    assert.equal(shown.length, 168);
    assert.deepEqual(sorted(shown), sorted(expected.map((row) => row.orders)));
    await context.close();
  });

  test("segments and cohorts", async () => {
    const { page, context } = await openPage(world.browser, world.pipeline.url);
    await visit(page, world, "customers", "&currency=EUR");
    const segments = await sql(`SELECT customers::text, orders::text, round(net_amount)::text AS net FROM gold.customer_segments AS s
      WHERE currency = 'EUR' ORDER BY s.customers DESC, segment`);
    assert.deepEqual((await tableRows(page, "Customers by segment")).map((row) => ({ customers: plain(row.Customers), orders: plain(row.Orders), net: plain(row["Revenue, net"]) })), segments);
    const cohorts = await sql(`SELECT max(cohort_customers)::text AS customers, (max(round(100 * retention)) FILTER (WHERE months_since = 1))::text AS one
      FROM gold.cohort_retention WHERE currency = 'EUR' GROUP BY cohort_month ORDER BY cohort_month`);
    assert.deepEqual((await tableRows(page, "Customers who bought again")).map((row) => ({ customers: plain(row.Customers), one: plain(row["+1"] ?? "") || null })), cohorts);
    await context.close();
  });

  test("the five counts, and the ledger of every partition", async () => {
    const { page, context } = await openPage(world.browser, world.pipeline.url);
    await visit(page, world, "pipeline");
    const [expected] = await sql(`SELECT sum(bronze_records + kafka_pending)::text AS kafka_records, sum(bronze_records)::text AS bronze,
      sum(accepted + duplicate + quarantined)::text AS judged, sum(accepted)::text AS accepted,
      (SELECT count(*) FROM silver.fct_order_events)::text AS gold FROM ops.ledger`);
    for (const [name, value] of Object.entries(expected)) assert.equal(await figure(page, name), value, name);
    const ledger = await sql(`SELECT bronze_records::text AS bronze, accepted::text, duplicate::text, quarantined::text FROM ops.ledger ORDER BY kafka_partition`);
    const shown = await tableRows(page, "Ledger by partition");
    assert.deepEqual(shown.map((row) => ({ bronze: plain(row["= Bronze"]), accepted: plain(row.Accepted), duplicate: plain(row["+ Duplicate"]), quarantined: plain(row["+ Quarantined"]) })), ledger);
    assert.ok(shown.every((row) => row.Ledger.includes("green")));
    await context.close();
  });

  test("quarantine: from the reason to the event to its bytes", async () => {
    const { page, context, troubles } = await openPage(world.browser, world.pipeline.url);
    await visit(page, world, "quarantine");
    const reasons = await sql(`SELECT reason, count(*)::text AS events FROM silver.quarantined_events GROUP BY reason, state ORDER BY count(*) DESC, reason`);
    const shown = await tableRows(page, "Refused events by reason");
    assert.deepEqual(shown.map((row) => plain(row.Events)), reasons.map((row) => row.events));
    const readable = reasons.find(({ reason }) => reason === "amount_identity");
    assert.ok(readable, "the shop sent amounts that contradict each other");
    await page.getByRole("link", { name: "amount_identity" }).click();
    await page.locator("table", { hasText: "Events refused as amount_identity" }).locator("a").first().click();
    const payload = page.getByRole("region", { name: "Decoded payload" });
    await payload.waitFor();
    const [, topic, partition, offset] = /event=([^&]+)%2F(\d+)%2F(\d+)/.exec(page.url());
    const [event] = await sql(`SELECT event_id, detail FROM silver.quarantined_events JOIN ops.topics USING (topic_id)
      WHERE topic_name = '${topic}' AND kafka_partition = ${partition} AND kafka_offset = ${offset}`);
    assert.equal(JSON.parse(await payload.innerText()).event_id, event.event_id);
    assert.ok((await page.locator(".terms").innerText()).includes(event.detail));
    await page.getByRole("link", { name: "bad_magic" }).click();
    await page.locator("table", { hasText: "Events refused as bad_magic" }).locator("a").first().click();
    await page.getByRole("region", { name: /^Bytes/ }).waitFor();
    assert.deepEqual(troubles, []);
    await context.close();
  });
};
