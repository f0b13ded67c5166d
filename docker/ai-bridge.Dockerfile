# syntax=docker/dockerfile:1
# docker build --file docker/ai-bridge.Dockerfile --tag deepbot-ai-bridge .
FROM node:24.21.0-slim AS tools
ENV CI=true TURBO_TELEMETRY_DISABLED=1
WORKDIR /src

FROM tools AS pruned
COPY . .
RUN npx -y turbo@2.11.11 prune @deepbot/ai-bridge --docker

FROM tools AS built
COPY --from=pruned /src/out/json/ ./
RUN npx -y pnpm@12.21.0 install --frozen-lockfile
COPY --from=pruned /src/out/full/ ./
COPY tsconfig.base.json ./
RUN npx -y pnpm@12.21.0 exec turbo run build --filter=@deepbot/ai-bridge
RUN mkdir image && cp -RL apps/ai-bridge/package.json apps/ai-bridge/dist image/

FROM node:24.21.0-slim
ENV DEEPBOT_URL=http://backend:8000
WORKDIR /app
COPY --from=built /src/image/ ./
COPY docker/healthcheck.mjs ./
USER node
# A worker has no address of its own. It is healthy if it reaches the platform.
HEALTHCHECK --interval=15s --timeout=4s --start-period=30s --retries=3 \
  CMD ["node", "healthcheck.mjs", "http://backend:8000/readyz"]
CMD ["node", "dist/main.js"]
