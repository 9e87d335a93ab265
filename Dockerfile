# reconciler in a container: docker build -t reconciler .
# Plan a shop: docker run --rm --env-file secrets.env -v "$PWD/shop:/shop" reconciler plan /shop
FROM python:3.12.14-slim-trixie@sha256:78387bc3881b8273120a12ebe6c1ab22b018ccc2c9adf565ae1ac9b536e184ea AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/reconciler
COPY requirements.txt /src/
RUN /opt/reconciler/bin/pip install --require-hashes --requirement /src/requirements.txt
COPY . /src
RUN /opt/reconciler/bin/pip install --no-deps --no-build-isolation /src

FROM python:3.12.14-slim-trixie@sha256:78387bc3881b8273120a12ebe6c1ab22b018ccc2c9adf565ae1ac9b536e184ea
# A ledger that is kept in git needs git.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home reconciler
COPY --from=build /opt/reconciler /opt/reconciler
ENV PATH=/opt/reconciler/bin:$PATH
USER 10001
WORKDIR /shop
ENTRYPOINT ["reconciler"]
