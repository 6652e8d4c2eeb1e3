"""What the UCI Online Retail data comes to, computed apart from the importer: with Python's own CSV reader and decimals.

Usage: uci_sums.py FILE.csv mdy|dmy

Reads a comma separated file with a decimal point. Prints JSON: sales and returns by month, country and product in
pence, and how many orders, returns, lines and refused rows there are. The rules are those of docs/IMPORT.md, written
down a second time on purpose.
"""

import collections
import csv
import datetime
import decimal
import json
import sys

COUNTRIES = {
    "Australia": "AU",
    "EIRE": "IE",
    "France": "FR",
    "Germany": "DE",
    "Netherlands": "NL",
    "Norway": "NO",
    "Switzerland": "CH",
    "United Kingdom": "GB",
}
CHARGES = {"POST", "D", "M", "BANK CHARGES", "AMAZONFEE", "DOT", "CRUK", "S", "C2", "C3", "PADS", "B"}


def main(path, order):
    form = "%m/%d/%Y %H:%M" if order == "mdy" else "%d/%m/%Y %H:%M"
    sold = collections.defaultdict(lambda: collections.Counter())
    refused = collections.Counter()
    invoices = {"sale": set(), "return": set()}
    lines = 0
    first_time = {}
    with open(path, newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            invoice = row["InvoiceNo"].strip()
            quantity = int(row["Quantity"])
            price = decimal.Decimal(row["UnitPrice"])
            comes_back = invoice.startswith("C")
            if quantity < 0 and not comes_back:
                refused["negative_quantity"] += 1
                continue
            if price == 0 and not row["CustomerID"].strip():
                refused["zero_price"] += 1
                continue
            if price < 0 or quantity == 0 or (quantity > 0 and comes_back):
                raise SystemExit(f"a case that this script does not know: {row}")
            pence = int(price * 100 * quantity)
            if pence != price * 100 * quantity:
                raise SystemExit(f"a fraction of a penny: {row}")
            # An invoice has the time of its first line.
            time = first_time.setdefault(invoice, datetime.datetime.strptime(row["InvoiceDate"].strip(), form))
            country = COUNTRIES[row["Country"].strip()]
            code = row["StockCode"].strip()
            category = "Charges & fees" if code.upper() in CHARGES else "Uncategorised"
            kind = "returned" if comes_back else "sold"
            invoices["return" if comes_back else "sale"].add(invoice)
            lines += 1
            for cell in (
                ("month", time.strftime("%Y-%m")),
                ("country", country),
                ("product", code),
                ("category", category),
                ("total", "GBP"),
            ):
                sold[cell][kind + "_pence"] += abs(pence)
                sold[cell][kind + "_pieces"] += abs(quantity)
    groups = collections.defaultdict(dict)
    for (group, name), sums in sold.items():
        groups[group][name] = {
            key: sums[key] for key in ("sold_pence", "sold_pieces", "returned_pence", "returned_pieces")
        }
    print(
        json.dumps(
            {
                "orders": len(invoices["sale"]),
                "returns": len(invoices["return"]),
                "lines": lines,
                "refused": refused,
                **groups,
            },
            sort_keys=True,
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:3])
