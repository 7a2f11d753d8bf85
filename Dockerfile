# The server, the CLI and the agent in one image: `docker build -t orrery .`

FROM node:20-slim AS build
WORKDIR /app
COPY . .
# No package needs its install script: esbuild and libsql bring their binaries as packages.
RUN npm ci --ignore-scripts && npm run build && npm prune --omit=dev --ignore-scripts

FROM node:20-slim
LABEL org.opencontainers.image.title="orrery" org.opencontainers.image.licenses="Apache-2.0"
# tar and gzip, which the backup executor runs, are part of Debian's base; this line fails where they are not.
RUN tar --version && gzip --version && install -d -o node -g node -m 700 /var/lib/orrery
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/sdk/package.json ./sdk/
COPY --from=build /app/sdk/dist ./sdk/dist
COPY --from=build /app/dist ./dist
COPY --from=build /app/bin ./bin
ENV NODE_ENV=production ORRERY_HOST=0.0.0.0 ORRERY_PORT=4000 ORRERY_DATA_DIR=/var/lib/orrery
USER node
VOLUME /var/lib/orrery
EXPOSE 4000
CMD ["node", "bin/orrery.js", "serve"]
