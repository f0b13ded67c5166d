# syntax=docker/dockerfile:1
# docker build --file docker/web.Dockerfile --tag deepbot-web .
FROM node:24.21.0-slim AS tools
ENV CI=true TURBO_TELEMETRY_DISABLED=1
WORKDIR /src

FROM tools AS pruned
COPY . .
RUN npx -y turbo@2.11.11 prune @deepbot/web --docker

FROM tools AS built
COPY --from=pruned /src/out/json/ ./
RUN npx -y pnpm@12.21.0 install --frozen-lockfile
COPY --from=pruned /src/out/full/ ./
COPY tsconfig.base.json ./
RUN npx -y pnpm@12.21.0 exec turbo run build --filter=@deepbot/web
RUN mkdir image && cp -RL apps/web/dist image/pages

FROM nginx:1.30.4
# openssl creates the self-signed certificate. The two folders are for volumes, which take over their owner.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends openssl \
  && rm -rf /var/lib/apt/lists/* \
  && install --directory --owner=nginx --group=nginx /etc/letsencrypt /var/www/acme
WORKDIR /srv
COPY nginx/conf/ nginx/conf/
COPY nginx/content-policy.txt nginx/entrypoint.sh nginx/healthcheck.sh nginx/render.sh nginx/
COPY --from=built /src/image/ ./
USER nginx
EXPOSE 8080 8443
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=5s --timeout=4s --start-period=10s --retries=3 CMD ["/srv/nginx/healthcheck.sh"]
ENTRYPOINT ["/srv/nginx/entrypoint.sh"]
