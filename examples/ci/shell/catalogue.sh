#!/bin/sh
# Plan, apply or audit in any CI that runs a shell.
#
#   catalogue.sh plan PULL_REQUEST BRANCH    leaves comment.md, plan.html and the signed plan.json
#   catalogue.sh apply PULL_REQUEST BRANCH   applies the plan.json that the approved pull request left
#   catalogue.sh audit                       leaves audit.xml for the test report
#
# The environment holds DEALPOS_URL, DEALPOS_CLIENT_ID, DEALPOS_CLIENT_SECRET and RECONCILER_PLAN_KEY. Run plan and apply
# for branches of this repository alone, never for a fork.
set -eu
: "${DEALPOS_URL:?is not set; a file of a pull request must not decide where the credentials go}"
shop=${SHOP:-shop}

bind() {
  # The key of this pull request and its base alone: a plan of another one does not pass as this one's.
  export RECONCILER_PLAN_KEY="${RECONCILER_PLAN_KEY:?is not set}:$1:$2"
}

case ${1:-} in
  plan)
    bind "${2:?the number of the pull request}" "${3:?the branch it goes to}"
    exec reconciler plan "$shop" --out plan.json --sign --report comment.md --report plan.html ;;
  apply)
    bind "${2:?the number of the pull request}" "${3:?the branch it went to}"
    exec reconciler apply plan.json --shop "$shop" --verify --auto-approve ;;
  audit)
    reconciler audit "$shop" --detailed-exitcode --format junit > audit.xml ;;
  *)
    echo "usage: catalogue.sh plan|apply PULL_REQUEST BRANCH, or catalogue.sh audit" >&2
    exit 1 ;;
esac
