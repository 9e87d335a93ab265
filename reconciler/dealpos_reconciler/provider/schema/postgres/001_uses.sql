-- The same tables as in SQLite. Each change of a counter is one function, called by one statement,
-- which is one transaction. It locks the counter first: what it reads after that is committed and
-- stays as it is. A single statement without a function would read the holds as they were before
-- it waited for the lock.

CREATE TABLE schema_version (
    version integer PRIMARY KEY,
    applied timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE release (
    number bigint PRIMARY KEY,
    published timestamptz NOT NULL,
    commit_id text NOT NULL,
    digest text NOT NULL,
    document text NOT NULL
);

CREATE TABLE counter (
    counter text PRIMARY KEY,
    batch text NOT NULL,
    used bigint NOT NULL DEFAULT 0 CHECK (used >= 0),
    holds bigint NOT NULL DEFAULT 0 CHECK (holds >= 0)
) WITH (fillfactor = 50);
CREATE INDEX counter_batch ON counter (batch) WHERE batch <> '';

CREATE TABLE hold (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    counter text NOT NULL REFERENCES counter,
    outlet text NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL
);
CREATE INDEX hold_until ON hold (counter, until);
CREATE INDEX hold_since ON hold (counter, since);
CREATE INDEX hold_outlet ON hold (counter, outlet, since);

CREATE TABLE hold_customer (
    counter text NOT NULL,
    customer text NOT NULL,
    hold bigint NOT NULL REFERENCES hold ON DELETE CASCADE,
    PRIMARY KEY (counter, customer, hold)
);
CREATE INDEX hold_customer_hold ON hold_customer (hold);

CREATE TABLE invoice (
    invoice text PRIMARY KEY,
    counter text NOT NULL,
    code text NOT NULL,
    outlet text NOT NULL,
    number text NOT NULL,
    state text NOT NULL CHECK (state IN ('counted', 'voided', 'doubtful', 'unknown_code')),
    flags text NOT NULL,
    at timestamptz NOT NULL,
    noted timestamptz NOT NULL,
    discount numeric,
    gross numeric,
    seen bigint NOT NULL DEFAULT 1,
    digests text NOT NULL
);
CREATE INDEX invoice_counter ON invoice (counter, state);
CREATE INDEX invoice_noted ON invoice (noted);
CREATE INDEX invoice_flagged ON invoice (counter) WHERE flags <> '';

CREATE TABLE use_by (
    counter text NOT NULL,
    customer text NOT NULL,
    invoice text NOT NULL REFERENCES invoice,
    PRIMARY KEY (counter, customer, invoice)
);
CREATE INDEX use_by_invoice ON use_by (invoice);

CREATE TABLE event (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    counter text NOT NULL,
    invoice text NOT NULL,
    detail text NOT NULL
);

-- The metrics ask for the newest settlement, and an old store has millions of events.
CREATE INDEX event_settled ON event (at) WHERE kind = 'settled';

CREATE TABLE dead_letter (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    reason text NOT NULL,
    digest text NOT NULL,
    length bigint NOT NULL,
    invoice text NOT NULL
);

CREATE TABLE probe (
    id integer PRIMARY KEY CHECK (id = 1),
    at timestamptz NOT NULL
);

CREATE FUNCTION lock_counter(p_counter text, p_batch text, OUT uses bigint, OUT held bigint)
LANGUAGE plpgsql AS $$
BEGIN
    SELECT c.used, c.holds INTO uses, held
    FROM counter c WHERE c.counter = p_counter FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        INSERT INTO counter (counter, batch) VALUES (p_counter, p_batch) ON CONFLICT DO NOTHING;
        SELECT c.used, c.holds INTO uses, held
        FROM counter c WHERE c.counter = p_counter FOR NO KEY UPDATE;
    END IF;
END $$;

-- Returns the holds that remain after those whose time is over have ended. A hold from the future
-- means that the clock was set back: it gets its whole time again, counted from now.
CREATE FUNCTION free_expired(p_counter text, p_now timestamptz, p_held bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    ended bigint;
BEGIN
    UPDATE hold h SET since = p_now, until = p_now + (h.until - h.since)
    WHERE h.counter = p_counter AND h.since > p_now;
    DELETE FROM hold h WHERE h.counter = p_counter AND h.until <= p_now;
    GET DIAGNOSTICS ended = ROW_COUNT;
    IF ended > 0 THEN
        UPDATE counter c SET holds = c.holds - ended WHERE c.counter = p_counter;
    END IF;
    RETURN p_held - ended;
END $$;

CREATE FUNCTION name_customer(p_hold bigint, p_counter text, p_customer text[]) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO hold_customer (counter, customer, hold)
    SELECT p_counter, customer, p_hold FROM unnest(p_customer) customer ON CONFLICT DO NOTHING;
$$;

CREATE FUNCTION renew_hold(
    p_counter text, p_outlet text, p_customer text[], p_now timestamptz, p_until timestamptz,
    p_reentry text, p_only_theirs boolean
) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    theirs bigint[];
    renewed bigint;
BEGIN
    IF p_reentry = 'refuse' THEN
        RETURN false;
    END IF;
    theirs := ARRAY(
        SELECT c.hold FROM hold_customer c
        WHERE c.counter = p_counter AND c.customer = ANY (p_customer)
    );
    UPDATE hold h SET outlet = p_outlet, since = p_now, until = p_until
    WHERE h.id = (
        SELECT o.id FROM hold o
        WHERE o.counter = p_counter
          AND (o.outlet = p_outlet OR p_reentry = 'same-customer')
          AND (o.id = ANY (theirs) OR (p_reentry = 'same-outlet' AND NOT p_only_theirs))
        ORDER BY o.id = ANY (theirs) DESC, o.outlet = p_outlet DESC, o.until, o.id
        LIMIT 1
    ) RETURNING h.id INTO renewed;
    IF renewed IS NULL THEN
        RETURN false;
    END IF;
    PERFORM name_customer(renewed, p_counter, p_customer);
    RETURN true;
END $$;

CREATE FUNCTION hold_use(
    p_counter text, p_batch text, p_limit bigint, p_customer_limit bigint, p_outlet text,
    p_customer text[], p_now timestamptz, p_until timestamptz, p_reentry text, p_durable boolean,
    OUT status text, OUT uses bigint, OUT held bigint, OUT at_outlet text, OUT ends timestamptz
)
LANGUAGE plpgsql AS $$
DECLARE
    own_holds bigint;
    own_uses bigint;
    new_hold bigint;
BEGIN
    IF NOT p_durable THEN
        PERFORM set_config('synchronous_commit', 'off', true);
    END IF;
    -- Most questions about a coupon that is used up need no lock: uses alone have filled the limit.
    SELECT c.used, c.holds INTO uses, held FROM counter c WHERE c.counter = p_counter;
    IF uses >= p_limit AND p_customer_limit IS NULL AND p_reentry = 'refuse' THEN
        status := 'used_up';
        RETURN;
    END IF;
    SELECT l.uses, l.held INTO uses, held FROM lock_counter(p_counter, p_batch) l;
    held := free_expired(p_counter, p_now, held);
    IF p_customer_limit IS NOT NULL THEN
        SELECT count(DISTINCT c.hold) INTO own_holds
        FROM hold_customer c WHERE c.counter = p_counter AND c.customer = ANY (p_customer);
        SELECT count(DISTINCT u.invoice) INTO own_uses
        FROM use_by u JOIN invoice i ON i.invoice = u.invoice AND i.counter = u.counter
        WHERE u.counter = p_counter AND u.customer = ANY (p_customer) AND i.state = 'counted';
        IF cardinality(p_customer) = 0 OR own_holds + own_uses >= p_customer_limit THEN
            status := 'customer_limit';
            IF own_uses < p_customer_limit AND renew_hold(
                p_counter, p_outlet, p_customer, p_now, p_until, p_reentry, true
            ) THEN
                status := 'renewed';
            END IF;
            RETURN;
        END IF;
    END IF;
    IF p_limit IS NULL OR uses + held < p_limit THEN
        INSERT INTO hold (counter, outlet, since, until)
        VALUES (p_counter, p_outlet, p_now, p_until) RETURNING id INTO new_hold;
        PERFORM name_customer(new_hold, p_counter, p_customer);
        UPDATE counter c SET holds = c.holds + 1 WHERE c.counter = p_counter;
        status := 'held';
        held := held + 1;
    ELSIF renew_hold(p_counter, p_outlet, p_customer, p_now, p_until, p_reentry, false) THEN
        status := 'renewed';
    ELSIF uses >= p_limit THEN
        status := 'used_up';
    ELSE
        status := 'in_use';
        SELECT h.outlet, h.until INTO at_outlet, ends
        FROM hold h WHERE h.counter = p_counter ORDER BY h.until, h.id LIMIT 1;
    END IF;
END $$;

CREATE FUNCTION note_event(
    p_at timestamptz, p_kind text, p_counter text, p_invoice text, p_detail text
) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO event (at, kind, counter, invoice, detail)
    VALUES (p_at, p_kind, p_counter, p_invoice, p_detail);
$$;

-- Counts one use and consumes the best hold; returns the flags of a use that has none.
CREATE FUNCTION take_use(
    p_counter text, p_limit bigint, p_outlet text, p_customer text[]
) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    best bigint;
    has_hold boolean;
    total bigint;
BEGIN
    -- Each step finds the oldest by an index: a coupon may have a hundred thousand holds.
    SELECT o.id INTO best FROM hold o JOIN hold_customer c ON c.hold = o.id
    WHERE c.counter = p_counter AND c.customer = ANY (p_customer) AND o.outlet = p_outlet
    ORDER BY o.since, o.id LIMIT 1;
    IF best IS NULL THEN
        SELECT o.id INTO best FROM hold o
        WHERE o.counter = p_counter AND o.outlet = p_outlet ORDER BY o.since, o.id LIMIT 1;
    END IF;
    IF best IS NULL THEN
        SELECT o.id INTO best FROM hold o
        WHERE o.counter = p_counter ORDER BY o.since, o.id LIMIT 1;
    END IF;
    DELETE FROM hold h WHERE h.id = best;
    has_hold := FOUND;
    UPDATE counter c SET used = c.used + 1, holds = c.holds - has_hold::int
    WHERE c.counter = p_counter RETURNING c.used + c.holds INTO total;
    RETURN CASE
        WHEN has_hold OR p_limit IS NULL THEN ''
        WHEN total > p_limit THEN 'beyond unheld'
        ELSE 'unheld'
    END;
END $$;

-- Carries out what was decided on an invoice as it was seen `p_seen` times. Returns the flags that
-- were added, or NULL where another report came first: then nothing has changed.
CREATE FUNCTION book_sale(
    p_seen bigint, p_gives text, p_takes text, p_batch text, p_limit bigint, p_result text,
    p_invoice text, p_counter text, p_code text, p_outlet text, p_number text, p_customer text[],
    p_state text, p_flags text, p_at timestamptz, p_now timestamptz, p_discount numeric,
    p_gross numeric, p_digests text
) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    added text := '';
    all_flags text;
BEGIN
    IF current_setting('synchronous_commit') = 'off' THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    IF p_takes <> '' THEN
        INSERT INTO counter (counter, batch) VALUES (p_takes, p_batch) ON CONFLICT DO NOTHING;
    END IF;
    PERFORM 1 FROM counter c WHERE c.counter IN (p_gives, p_takes)
    ORDER BY c.counter FOR NO KEY UPDATE;
    IF p_seen = 0 THEN
        INSERT INTO invoice (
            invoice, counter, code, outlet, number, state, flags, at, noted, discount, gross,
            digests
        ) VALUES (
            p_invoice, p_counter, p_code, p_outlet, p_number, p_state, p_flags, p_at, p_now,
            p_discount, p_gross, p_digests
        ) ON CONFLICT DO NOTHING;
    ELSE
        UPDATE invoice i SET
            counter = p_counter, state = p_state, flags = p_flags, digests = p_digests,
            seen = i.seen + 1, code = coalesce(nullif(p_code, ''), i.code),
            outlet = coalesce(nullif(p_outlet, ''), i.outlet),
            number = coalesce(nullif(p_number, ''), i.number),
            discount = coalesce(p_discount, i.discount), gross = coalesce(p_gross, i.gross)
        WHERE i.invoice = p_invoice AND i.seen = p_seen;
    END IF;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF p_gives <> '' THEN
        UPDATE counter c SET used = c.used - 1 WHERE c.counter = p_gives;
    END IF;
    IF p_takes <> '' THEN
        added := take_use(p_takes, p_limit, p_outlet, p_customer);
        INSERT INTO use_by (counter, customer, invoice)
        SELECT p_takes, u.customer, p_invoice FROM use_by u
        WHERE u.invoice = p_invoice AND u.counter <> p_takes
        ON CONFLICT DO NOTHING;
    END IF;
    SELECT coalesce(string_agg(DISTINCT word, ' ' ORDER BY word), '') INTO all_flags
    FROM regexp_split_to_table(p_flags || ' ' || added, ' ') word WHERE word <> '';
    UPDATE invoice i SET flags = all_flags WHERE i.invoice = p_invoice AND i.flags <> all_flags;
    INSERT INTO use_by (counter, customer, invoice)
    SELECT p_counter, customer, p_invoice FROM unnest(p_customer) customer
    ON CONFLICT DO NOTHING;
    IF p_result <> 'again' THEN
        PERFORM note_event(p_now, p_result, p_counter, p_invoice, btrim(
            CASE WHEN p_result = 'moved' THEN p_gives || ' → ' || p_takes || ' ' ELSE '' END
            || all_flags
        ));
    END IF;
    RETURN added;
END $$;

CREATE FUNCTION free_holds(p_counter text, p_now timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    ended bigint;
BEGIN
    PERFORM 1 FROM counter c WHERE c.counter = p_counter FOR NO KEY UPDATE;
    DELETE FROM hold h WHERE h.counter = p_counter;
    GET DIAGNOSTICS ended = ROW_COUNT;
    IF ended > 0 THEN
        UPDATE counter c SET holds = 0 WHERE c.counter = p_counter;
        PERFORM note_event(p_now, 'freed', p_counter, '', ended::text);
    END IF;
    RETURN ended;
END $$;

-- Returns the number that is published already where `p_previous` is not the newest, else NULL.
CREATE FUNCTION publish_release(
    p_previous bigint, p_published timestamptz, p_commit text, p_digest text, p_document text
) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    newest bigint;
BEGIN
    LOCK TABLE release IN SHARE ROW EXCLUSIVE MODE;
    SELECT coalesce(max(number), 0) INTO newest FROM release;
    IF newest <> p_previous THEN
        RETURN newest;
    END IF;
    INSERT INTO release (number, published, commit_id, digest, document)
    VALUES (newest + 1, p_published, p_commit, p_digest, p_document);
    PERFORM note_event(p_published, 'published', '', '', btrim(newest + 1 || ' ' || p_commit));
    PERFORM pg_notify('reconciler_release', '');
    RETURN NULL;
END $$;
