# One image for the service, its migrations and the mock provider; each is another file given to node:
#   src/main/profiles.ts   src/main/migrate.ts   mock-enrichment/main.ts
# Node.js strips the types itself, so what runs here are the sources that the tests run.

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json openapi.yaml ./
COPY mock-enrichment mock-enrichment
COPY src src

# A label of `service_build_info`; last, because it differs with each build.
ARG BUILD_REVISION=unknown
ENV BUILD_REVISION=$BUILD_REVISION

# The files belong to root: the process can read them and change none.
USER node
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=3 CMD ["node", "--eval", "fetch(`http://127.0.0.1:${process.env.PORT || 8080}/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]

# node is process 1 and gets the signals itself; no shell stands in between.
ENTRYPOINT ["node"]
CMD ["src/main/profiles.ts"]
