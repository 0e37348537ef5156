# Images of the programs that run in containers, from the folders that `npm run build` writes:
#
#   npm run build
#   docker build --target=vm-worker --tag=spillway-vm-worker .
#   docker build --target=cloudrun-worker --build-arg=MODELS="u2net blip-image-captioning-base-int8" --tag=spillway-cloudrun-worker .
#   docker build --target=site --tag=spillway-site .
#   docker build --target=one-machine --tag=spillway .
#
# The last one is all of Spillway on one machine (docs/one-machine.md), which keeps everything in its volume:
# `docker run --publish=127.0.0.1:4321:4321 --volume=spillway:/app/data spillway`.
#
# The built-in models are in the images of the workers. MODELS names more of them (`npx spillway models list`), and
# MODELS_SOURCE says where they come from, as SPILLWAY_MODELS_SOURCE does: by default from their publishers.
#
# No program writes anywhere but below /tmp, and one machine into its volume, so the root file system can be read-only:
# `docker run --read-only --tmpfs=/tmp`. A worker keeps the pictures that it works on there.
#
# Debian's perl, which its smallest image has too, makes the sandbox of the workers' decoders.
#
# To renew the base image, write the newest release and the digest that this prints into the line below:
# `docker buildx imagetools inspect node:24-trixie-slim`.
FROM node:24.21.0-trixie-slim@sha256:8ec5d7557396cfe32d21c3f9c13072355ceab22b584578ca4bb28af31120cffe AS node
ENV NODE_ENV=production
WORKDIR /app

FROM node AS vm-worker-installed
COPY dist/vm-worker/ ./
RUN npm ci --omit=dev && rm *.tgz
ARG MODELS=""
ARG MODELS_SOURCE=public
RUN mkdir models && if [ -n "$MODELS" ]; then \
      SPILLWAY_MODELS_DIR=models SPILLWAY_MODELS_SOURCE="$MODELS_SOURCE" node spillway.js models fetch $MODELS; \
    fi
RUN chmod -R a+rX .

FROM node AS vm-worker
COPY --from=vm-worker-installed /app/ ./
ENV SPILLWAY_MODELS_DIR=/app/models
USER 10001:10001
ENTRYPOINT ["node", "main.js"]

FROM node AS cloudrun-worker-installed
COPY dist/cloudrun-worker/ ./
RUN npm ci --omit=dev && rm *.tgz
ARG MODELS=""
ARG MODELS_SOURCE=public
RUN mkdir models && if [ -n "$MODELS" ]; then \
      SPILLWAY_MODELS_DIR=models SPILLWAY_MODELS_SOURCE="$MODELS_SOURCE" node spillway.js models fetch $MODELS; \
    fi
RUN chmod -R a+rX .

FROM node AS cloudrun-worker
COPY --from=cloudrun-worker-installed /app/ ./
ENV SPILLWAY_MODELS_DIR=/app/models
USER 10001:10001
EXPOSE 8080
ENTRYPOINT ["node", "main.js"]

FROM node AS site-installed
COPY dist/site/ ./
RUN npm ci --omit=dev && chmod -R a+rX .

FROM node AS site
COPY --from=site-installed /app/ ./
ENV SPILLWAY_HOST=0.0.0.0 PORT=8080
USER 10001:10001
EXPOSE 8080
ENTRYPOINT ["node", "main.js"]

FROM node AS one-machine-installed
COPY dist/one-machine/ ./
RUN npm ci --omit=dev && rm *.tgz
# A new volume gets the mode of the folder in its place.
RUN chmod -R a+rX . && mkdir -m 1777 data

FROM node AS one-machine
COPY --from=one-machine-installed /app/ ./
ENV SPILLWAY_DATA=/app/data SPILLWAY_MODELS_DIR=/app/data/models SPILLWAY_LOGS=output SPILLWAY_HOST=0.0.0.0 PORT=4321
USER 10001:10001
VOLUME /app/data
EXPOSE 4321
HEALTHCHECK --start-period=30s --interval=30s --timeout=5s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "main.js"]
CMD ["serve"]
