"""Everything that the documentation leaves open, in one place."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints


@dataclass(frozen=True)
class Choices:
    """One field per undocumented behaviour (API §4-§15); each default is the plainest reading."""

    # --- what reads answer ---
    not_found: Literal["404", "400", "empty", "null"] = "404"
    """A single read of an unknown key: a status with ``Message``, 200 without a body, or `null`."""
    batch_missing: Literal["omit", "reject"] = "omit"
    """Unknown keys in a batch read: left out of the answer, or 400."""
    list_order: Literal["code", "insertion", "reverse"] = "code"
    """Order of list and batch rows: by key, by age, or by key backwards."""
    page_cap: int | None = 500
    """The largest page served; None = no cap."""
    page_over_cap: Literal["cap", "reject", "ten"] = "cap"
    """A ``PageSize`` over the cap is silently lowered, answered with 400, or counts as 10."""
    page_number: Literal["honoured", "clamped", "ignored", "endless"] = "honoured"
    """A page after the last is empty, the last one again, or full of objects that nobody made; or
    every page is the first one."""
    page_total: Literal["true", "page", "double"] = "true"
    """The total beside a page's rows: of the list, of that page alone, or twice too many."""
    default_page_size: int | None = None
    """Rows of a page when no ``PageSize`` is sent; None = as many as the cap allows."""
    lists_hide_discontinued: bool = False
    """Product and variant lists leave discontinued rows out (categories: documented, never)."""
    batches_hide_discontinued: bool = False
    """GetByListCode leaves discontinued variants out."""
    text_filters: Literal["exact", "contains"] = "exact"
    """Comparison of the ``Name`` and ``Code`` filters of lists."""
    numbers_as_strings: bool = False
    """Numbers are printed as strings, as the documented ``Count`` is."""
    numbers_as_floats: bool = False
    """Whole numbers are printed with a fraction, `100.0`."""
    booleans_as_words: bool = False
    """Booleans are printed as `Yes` and `No`, as some documented fields are."""
    nulls_omitted: bool = False
    """Fields without a value are left out instead of printed as null."""
    rehost_images: bool = True
    """Image URLs read back as URLs of the vendor's CDN; False: as they were written."""

    read_lag_seconds: float = 0.0
    """Seconds by which single and batch reads are behind: they show the shop as it was then."""
    list_lag_seconds: float = 0.0
    """The same of lists, which may be further behind."""
    read_lag_reads: int = 0
    """Single and batch reads after a write that still show the shop before it."""
    list_lag_reads: int = 0
    """The same of lists."""
    hidden_keys: frozenset[str] = frozenset()
    """Keys of objects that no read shows, though they are there and their keys are taken."""

    # --- what writes do ---
    keys_ignore_case: bool = False
    """`kopi` names the object `KOPI`, whose spelling stays; False: they are two objects."""
    outer_blanks: Literal["kept", "ignored", "trimmed"] = "kept"
    """Blanks around a key: part of it, of no account where keys are compared, or not stored."""
    required_keys: Literal["enforced", "lenient"] = "enforced"
    """Keys marked required (unless the vendor's own sample omits them): 400 when missing, or no."""
    unknown_keys: Literal["ignore", "reject"] = "ignore"
    """Keys in a write that no table names: ignored, or 400."""
    null_write: Literal["omit", "clear"] = "omit"
    """A null in a write counts as the key left out, or sets the field to its default."""
    integers_accept_text: bool = False
    """Whole numbers may be written as strings; False: 400."""
    put_omitted: Literal["keep", "clear"] = "keep"
    """A field left out of a PUT keeps its value, or falls back to its default."""
    empty_arrays_clear: bool = True
    """``Components`` and ``OutletPrice`` sent as `[]` clear; False: they change nothing."""
    write_missing: Literal["400", "404", "accept"] = "400"
    """PUT, DELETE or Variant/Add to an unknown key: an error, or a success that does nothing."""
    duplicate_create: Literal["reject", "overwrite", "double"] = "reject"
    """Creating a key that exists: 400, the object is overwritten, or there are two of one key."""
    double_delete: Literal["all", "oldest"] = "all"
    """Deleting a key that two objects have: both go, or the older one."""
    delete_used: Literal["reject", "accept"] = "reject"
    """Deleting what a coupon or a component list names: 400, or done."""
    unknown_reference: Literal["reject", "accept"] = "reject"
    """A write that names an unknown outlet, variant, customer or requirement: 400, or stored."""
    batch_max: int | None = None
    """The longest list taken where no maximum is printed; a longer one gets 400."""
    rewrite_text: Literal["none", "trim", "collapse", "upper", "lower", "decompose", "cut"] = "none"
    """Form in which names and descriptions (never keys) are stored: as sent, trimmed, with single
    spaces, in one case, in another Unicode form, or cut to 12 characters."""
    fractions: Literal["reject", "round", "keep"] = "reject"
    """Amounts with a fraction, where the tables say integer: 400, rounded, or stored."""
    money_step: int = 1
    """Sums of money are rounded to multiples of this, as shops without small coins do."""
    create_discontinued: Literal["stored", "ignored", "ignored_on_add"] = "stored"
    """``Discontinued`` of a new product or variant: as sent, or every new object is on sale, or
    every variant is that is added to a product."""

    # --- category (dealpos-api.md §5) ---
    category_delete_used: Literal["reject", "cascade"] = "reject"
    """Deleting a category with children or products: 400, or they go with it."""
    rename_same_name: Literal["accept", "reject"] = "accept"
    """``Rename`` equal to ``Name``: only ``Discontinued`` changes, or 400."""
    rename_creates_parents: bool = True
    """A rename below a path that does not exist creates it; False: 400."""
    category_by_id: Literal["documented", "full"] = "documented"
    """Get by ID prints the three known fields, or also ``ID, Name, Code, Discontinued``."""
    category_filter_includes_children: bool = True
    """A ``Category`` filter on variants also takes the categories below it."""

    # --- product (dealpos-api.md §6) ---
    product_put_variants: Literal["merge", "replace", "ignore"] = "merge"
    """``Variants`` in a product update: update and add, also delete the unlisted, or nothing."""
    product_delete_variants: Literal["cascade", "reject"] = "cascade"
    """Deleting a product with variants: they go with it, or 400."""
    product_reads_hide_discontinued_variants: bool = False
    """Product details and lists leave discontinued ``Variants`` out; variant reads show them."""
    product_list_envelope: Literal["array", "Data", "DataArray"] = "array"
    """The product list: a bare array, or an object with this key."""
    product_list_total: Literal["none", "RecordsCount", "TotalCount"] = "none"
    """The total beside the rows of a product list that has an envelope."""
    product_list_rows: Literal["full", "lean"] = "full"
    """Product list rows: the detail object, or without ``Variants`` and ``Description``."""
    create_type_form: Literal["any", "object", "string", "ignore"] = "any"
    """Form of a variant's ``Type`` in a product create; the other form gets 400; or never read."""
    type_on_add: Literal["ignored", "stored"] = "ignored"
    """``Type`` of new variants in Variant/Add and product update, where no table has it."""

    # --- variant (dealpos-api.md §7) ---
    variant_list_without_category: Literal["all", "empty", "reject"] = "all"
    """A variant list whose ``Category`` is absent or empty: everything, nothing, or 400."""
    variant_list_rows: Literal["full", "lean"] = "full"
    """Rows of variant lists: the whole object, or without lists, texts and images."""
    variant_batch_rows: Literal["full", "lean"] = "full"
    """Rows of GetByListCode: the whole object, or without lists, texts and images."""
    variant_by_id_lean: bool = False
    """Get by ID lacks brand, images and description, as its sample does."""
    variant_add_existing: Literal["reject", "overwrite", "skip", "double"] = "reject"
    """A new variant whose code exists: 400, taken over (also from another product), skipped, or
    there are two of one code."""
    variant_name_reads_as: Literal["own", "product"] = "own"
    """``Name`` in reads, described as the product's name: the display name, or the product's."""
    variant_default_name: Literal["product", "model", "product_model"] = "product"
    """The display name of a new variant: the product's name, the model, or both."""
    variant_move: Literal["ignore", "move", "reject"] = "ignore"
    """Another ``ProductCode`` in a variant update: ignored, moves the variant, or 400."""
    serialized_write: Literal["reject", "accept"] = "reject"
    """Writing the type `Serialized`, which only the read table has: 400, or stored."""

    new_variant_taxable: bool = True
    """``Taxable`` of a new variant, which no creation carries."""

    # --- outlet, outlet price (dealpos-api.md §8) ---
    outlet_suspended_default: Literal["No", "All"] = "All"
    """Outlets listed without (or with an unreadable) ``SuspendedStatus``: unsuspended, or all."""
    outlet_price_read_key: Literal["UnitPrice", "Price"] = "UnitPrice"
    """The name of the price in ``GET /OutletPrice``, whose rows are collapsed in the pages."""
    outlet_price_put: Literal["replace", "merge"] = "replace"
    """PUT of outlet prices: outlets left out lose their price, or keep it."""
    outlet_price_create_existing: Literal["reject", "overwrite"] = "reject"
    """POST of a price that an outlet already has: 400, or overwritten."""

    inventory_key: str = "I"
    """The key of the stock in an inventory row; the page is cut after its first letter."""
    inventory_form: Literal["map", "rows", "row_each", "number"] = "map"
    """The stock: counts by outlet, a list of outlets, a row for each outlet, or one number."""
    inventory_quantity: str = "Quantity"
    """The key of the count where the stock is a list, or a row for each outlet."""
    inventory_answer: Literal["object", "array", "Data"] = "object"
    """Inventory by code answers one row, an array, or an array inside an object."""

    # --- coupon (dealpos-api.md §10) ---
    coupon_types: Literal["seen", "any"] = "seen"
    """Types taken on create: those that were seen, or also others, such as `FullAccess`."""
    coupon_requirement_names: Literal["codes", "objects", "ignored", "reject"] = "codes"
    """Requirement lists on create: strings, objects, silently dropped (a wider coupon), or 400."""
    coupon_requirement_rows: Literal["objects", "strings"] = "objects"
    """Requirement rows in ByCode: `{Code, Name}` and `{Name}`, or bare strings."""
    coupon_percentage_reads_as: Literal["DiscountPercentage", "Discount", "mixed"] = (
        "DiscountPercentage"
    )
    """``Type`` of a percentage coupon in reads; mixed: lists the first, single reads the second."""
    coupon_list_has_minimum: bool = True
    """List rows have ``MinimumSpending`` and ``CustomerID``; False: the older rows without."""
    coupon_total_hides_inactive: bool = True
    """WithTotalCount, which has no ``UsageStatus``, leaves expired and used-up coupons out."""
    coupon_total_has_minimum: bool = True
    """Rows of WithTotalCount have what rows of the list have; False: the older rows."""
    coupon_by_code_hides_inactive: bool = False
    """ByCode and ByReferenceID do not find expired and used-up coupons."""
    coupon_usage_status_other: Literal["everything", "nothing", "active", "reject"] = "everything"
    """A ``UsageStatus`` other than null and `Active`: all coupons, none, active ones, or 400."""
    coupon_active_on_expiry_day: bool = True
    """A coupon is still active on its expiry date."""
    coupon_date_filter: Literal["Created", "StartDate", "ExpiryDate"] = "Created"
    """The date that ``From`` and ``To`` of coupon lists compare."""
    coupon_limit_text: Literal["lenient", "reject"] = "lenient"
    """A string ``Limit`` such as the sample's `5\"`: its leading digits count, or 400."""
    coupon_recreate: Literal["accept", "reject"] = "accept"
    """Creating a coupon whose code was deleted before: done, or 400."""
    full_price_form: Literal["any", "words", "boolean"] = "any"
    """``FullPriceItemOnly`` takes booleans and words (`Yes`, `No`), or 400 for the other form."""

    # --- customer (dealpos-api.md §9) ---
    customer_paging: Literal["required", "optional", "ignored"] = "optional"
    """Paging of the customer list: 400 without it, used when sent, or never used."""
    customer_list_hides_suspended: bool = False
    """The customer list leaves suspended customers out."""
    customer_detail_names: Literal["read", "table"] = "read"
    """A detail read has `Mobile, BirthDate` (as list rows), or `MobilePhone, Birthday` (table)."""
    customer_gender_reads: Literal["as_written", "boolean"] = "as_written"
    """``Gender`` in a detail read; the deprecated read always prints a boolean."""
    customer_email_shape: Literal["object", "array"] = "object"
    """The deprecated read by email answers one object (as printed), or an array of one."""
    customer_unique: frozenset[str] = frozenset({"Code", "Email"})
    """Fields that no two customers may share, of `Code, Email, Mobile`."""
    customer_key_change: Literal["accept", "ignore"] = "accept"
    """An update found by one key carries another value of a different key: stored, or ignored."""
    customer_id_on_create: Literal["ignored", "honoured"] = "ignored"
    """The ``ID`` that the create table demands and the sample lacks: ignored, or becomes the ID."""
    suspended_status: str = "Suspended"
    """``Status`` of a suspended customer; only `Active` was ever seen."""

    promotion_events: Literal["running", "all"] = "running"
    """Reads of promotion events without a status show running ones, or others too (API §11)."""
    # --- invoice (dealpos-api.md §16) ---
    invoice_rows_coupon: bool = True
    """Rows of the invoice list show ``Coupon``."""
    invoice_rows_void: bool = True
    """Rows of the invoice list show ``Void``."""
    invoice_delete: Literal["cancel", "erase"] = "cancel"
    """A deleted invoice is voided and stays in the list as `Cancelled`, or is gone."""

    # --- token, limit, transport (dealpos-api.md §1-§3) ---
    latency: float = 0.0
    """Seconds before the answer to each request, as at a distant shop."""
    bad_credentials: Literal[401, 400] = 401
    """The status for wrong client credentials."""
    token_lifetime: float = 3600.0
    """Seconds that a token lives."""
    tokens_live: Literal["many", "one"] = "many"
    """True if a new token leaves the earlier ones valid."""
    token_counts: bool = False
    """Token requests count against the rate limit."""
    unauthorized_counts: bool = False
    """Requests answered with 401 count against the rate limit."""
    limiter_scope: Literal["shared", "endpoint"] = "shared"
    """One bucket for all requests, or one per method and path."""
    window_start: Literal["first_request", "clock"] = "first_request"
    """A window opens with its first request, or at whole multiples of its length."""
    limiter_headers: bool = True
    """The ``RateLimit-*`` headers are sent."""
    limiter_header_names: Literal["documented", "joined", "named", "x"] = "documented"
    """The form of these headers: as documented, ``RateLimit`` of draft 07 or of later ones, or
    ``X-RateLimit-*``. The others tell when the window ends."""
    retry_after: bool = False
    """A 429 carries ``Retry-After``."""
    retry_after_seconds: int | None = None
    """The number in ``Retry-After``; None: as long as the window lasts."""
    rate_limit_policy: str | None = None
    """The text of ``RateLimit-Policy``; None: the true one."""
    clock_ahead: float | None = None
    """Seconds by which the ``Date`` header is ahead of the true time; None: not sent by the shop
    itself (a server in front of it may)."""
    limited_body: Literal["message", "empty", "html"] = "message"
    """The body of a 429."""
    get_with_body: Literal["accept", "ignore"] = "accept"
    """The body of a GET is read, or dropped on the way as many stacks do."""
    bare_get_with_content_type: Literal["accept", "error"] = "accept"
    """A GET that declares JSON and has no body: served, or 500 (one witness)."""
    generation: Literal["any", "A", "B", "C"] = "any"
    """The generation of the documentation that this tenant follows (API §0); any: all of them."""
    named_reads: Literal["query", "body", "both"] = "query"
    """Place of the key in single reads (ByCode, ``Variant/Code``) of a tenant of one generation."""
    post_alternatives: Literal["all", "own_path", "same_path", "none"] = "all"
    """The POST alternatives of reads (API §1): all, `/p` alone, the read's own path, or none."""
    missing_operations: frozenset[str] = frozenset()
    """Operations, "METHOD /path", that this tenant does not have."""
    missing_status: Literal[404, 405, 501] = 404
    """Status of an operation that does not exist; always with an HTML page."""
    forbidden_operations: frozenset[str] = frozenset()
    """Operations, "METHOD /path", that the credentials' role may not use."""
    forbidden_status: Literal[403, 401] = 403
    """The status for a forbidden operation."""

    def __post_init__(self) -> None:
        for name, allowed in _allowed_words().items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name}={getattr(self, name)!r} is none of {allowed}")

    def with_changes(self, **changes: Any) -> "Choices":
        """Return the same choices with some of them changed."""
        return type(self)(**{**self.__dict__, **changes})


@cache
def _allowed_words() -> dict[str, tuple[Any, ...]]:
    """Return the values of each choice that is one of some words."""
    hints = get_type_hints(Choices).items()
    return {name: get_args(hint) for name, hint in hints if get_origin(hint) is Literal}
