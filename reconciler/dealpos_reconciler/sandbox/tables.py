"""The tables of the shop: the natural key of each kind, and the columns that are searched."""

KEYS = {
    "outlet": "Name",
    "category": "Name",
    "product": "Code",
    "variant": "Code",
    "coupon": "Code",
    "customer": "Code",
    "invoice": "ID",
    "promotion": "Name",
}
"""The natural key of each kind (dealpos-api.md §5-§10, §16)."""

PARENT_KEYS = {"variant": "Product"}
"""The key that names the parent, of the kinds that live inside another."""

# column -> payload key, per kind; the columns exist for searching, the payload is the truth.
COLUMNS: dict[str, dict[str, str]] = {
    "outlet": {"suspended": "Suspended"},
    "category": {"discontinued": "Discontinued"},
    "product": {"category": "Category", "discontinued": "Discontinued", "created": "Created"},
    "variant": {
        "product": "Product",
        "category": "Category",
        "type": "Type",
        "name": "Name",
        "discontinued": "Discontinued",
    },
    "coupon": {
        "type": "Type",
        "reference": "ReferenceID",
        "customer": "CustomerCode",
        "balance": "Balance",
        "created": "Created",
        "start": "StartDate",
        "expiry": "ExpiryDate",
    },
    "customer": {
        "email": "Email",
        "mobile": "Mobile",
        "phone": "Phone",
        "name": "Name",
        "outlet": "SignUpOutlet",
        "joined": "JoinDate",
        "created": "Created",
        "status": "Status",
    },
    "invoice": {
        "outlet": "Outlet",
        "number": "Number",
        "date": "Date",
        "payment": "PaymentState",
        "delivery": "Delivery",
        "void": "Void",
    },
    "promotion": {},
}

COMPOUND = """instr(payload, '"Components":[]') = 0 OR instr(payload, '"ParentCode":null') = 0"""
"""The variants that name others; said in the same words by the partial index that finds them."""

# SQLite reads any index (a, key) in key order within a; these serve the pages and the look-ups.
INDEXES = {
    "product": ("(category, key)",),
    "variant": (
        "(product, key)",
        "(category, key)",
        "(type, key)",
        "(discontinued, key)",
        f"(key) WHERE ({COMPOUND})",
    ),
    "coupon": ("(reference)", "(customer)"),
    "customer": ("(email)", "(mobile)", "(phone)"),
    "invoice": ("(date, key)", "(number, outlet)"),
}
