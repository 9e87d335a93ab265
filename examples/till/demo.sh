#!/bin/sh
# The story of a coupon at the till, in half a minute. Every step is a command of reconciler.
#
#   sh examples/till/demo.sh
#
# It needs dealpos-reconciler[serve] and two free ports: PORT (8080) and the one after it. It works on a copy of this folder,
# in the sandbox, and removes the copy at the end.

set -eu

port=${PORT:-8080}
example=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
server=
trap 'test -z "$server" || { kill "$server"; wait "$server" || true; }; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cp -R "$example" "$folder/shop"
cd "$folder"

say() {
    printf '\n# %s\n' "$*"
}

# Show a command, run it, and stop the demo unless it ends with this exit code.
expect() {
    code=$1
    shift
    printf '$ reconciler'
    for word; do
        case $word in *" "*) printf ' "%s"' "$word" ;; *) printf ' %s' "$word" ;; esac
    done
    printf '\n'
    status=0
    reconciler "$@" || status=$?
    test "$status" = "$code" || exit 1
    test "$status" = 0 || printf '(exit code %s)\n' "$status"
}

run() {
    expect 0 "$@"
}

sell() {
    run sandbox sell shop --outlet "Jakarta Kemang" --item 1001R --item 2001B --coupon LEBARAN25 "$@"
}

RECONCILER_HOOK_SECRET=$(reconciler serve --new-secret)
RECONCILER_ADMIN_TOKEN=$(reconciler serve --new-secret)
RECONCILER_CODES_KEY=$(reconciler serve --new-secret)
export RECONCILER_HOOK_SECRET RECONCILER_ADMIN_TOKEN RECONCILER_CODES_KEY

say "A shop with a menu; its files declare a coupon with 3 uses."
run sandbox reset shop --seed shop
run plan shop
run apply shop --auto-approve

say "The coupon provider starts."
printf '$ reconciler serve shop &\n'
reconciler serve shop --listen "127.0.0.1:$port" --admin "127.0.0.1:$((port + 1))" >serve.log 2>serve.err &
server=$!
until grep -q '^Serving' serve.err; do
    kill -0 "$server" 2>/dev/null || { cat serve.err; exit 1; }
    sleep 0.1
done

# DealPOS gets these addresses once, below its Developer menu. They hold the secret, so they are not shown.
address="http://127.0.0.1:$port/v1/shop/$RECONCILER_HOOK_SECRET"
export RECONCILER_SANDBOX_PROVIDER="$address/coupon"
export RECONCILER_SANDBOX_WEBHOOKS="$address/hook/{family}"

say "A sale: the till asks about the coupon, makes an invoice, and reports it."
sell

say "A sale whose reports arrive twice, in reverse: it counts once."
sell --duplicate --reorder

say "A sale whose reports are lost: the provider still holds its use."
sell --lose redeem --lose webhook

say "No use is left for another customer."
expect 1 sandbox sell shop --outlet "Bandung Dago" --item 1001L:2 --coupon LEBARAN25

say "The first invoice is voided: its use is free again."
run sandbox void "$(date -u +%y.%m).00001" --shop shop

say "The limit is raised in the file. The uses stay."
sed -i.bak 's/limit: 3/limit: 5/' shop/catalogue/promotions.yaml && rm shop/catalogue/promotions.yaml.bak
run apply shop --auto-approve
expect 0 sandbox sell shop --outlet "Bandung Dago" --item 1001L:2 --coupon LEBARAN25

say "The night comes: the lost sale is found in the list of invoices, and counted once."
run provider status shop
run provider settle shop
run provider settle shop
run provider status shop LEBARAN25

say "Somebody changes a price in the back office: the webhook makes the server look."
run sandbox edit variant/1001R UnitPrice=19000 --shop shop
until grep '"event": "drift"' serve.log; do
    kill -0 "$server" 2>/dev/null || { cat serve.err; exit 1; }
    sleep 0.1
done
expect 2 audit shop --detailed-exitcode

say "The board shows it to people who have no shell."
run board shop --out page
printf '$ grep "live 19,000" page/index.html\n'
grep 'live 19,000' page/index.html

say "Apply puts the price back."
run apply shop --auto-approve
run audit shop --detailed-exitcode
