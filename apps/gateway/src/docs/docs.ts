// Serves /api/openapi.json and /api/docs, the page of Swagger UI.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppError } from '@shop/rpc/errors';

const SCRIPT = `
      SwaggerUIBundle({
        url: '/api/openapi.json',
        dom_id: '#api',
        deepLinking: true,
        tryItOutEnabled: true,
        validatorUrl: null, // otherwise the page calls a public validator
      });
    `;

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Shop API</title>
    <link rel="icon" href="/api/docs/favicon-32x32.png">
    <link rel="stylesheet" href="/api/docs/swagger-ui.css">
  </head>
  <body>
    <div id="api"></div>
    <script src="/api/docs/swagger-ui-bundle.js"></script>
    <script>${SCRIPT}</script>
  </body>
</html>
`;

/** Swagger UI needs inline styles and data: images. */
const PAGE_POLICY = [
  "default-src 'none'",
  `script-src 'self' 'sha256-${createHash('sha256').update(SCRIPT).digest('base64')}'`,
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** Served from here, so that the page works offline. */
const assets = new Map([
  ['favicon-32x32.png', 'image/png'],
  ['swagger-ui.css', 'text/css; charset=utf-8'],
  ['swagger-ui-bundle.js', 'text/javascript; charset=utf-8'],
]);

/** Routes of Fastify rather than of a controller, because Nest cannot inject the application that is described. */
export function serveDocs(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  let description: string | undefined;

  fastify.get('/api/openapi.json', async (_request, reply) => {
    // On first use: it takes memory and time that most gateways need not spend.
    const { describeApi } = await import('./openapi.js');
    description ??= JSON.stringify(describeApi(app));
    return reply.type('application/json; charset=utf-8').send(description);
  });
  fastify.get('/api/docs', (_request, reply) =>
    reply.type('text/html; charset=utf-8').header('content-security-policy', PAGE_POLICY).send(PAGE),
  );
  fastify.get<{ Params: { file: string } }>('/api/docs/:file', async ({ params: { file } }, reply) => {
    const type = assets.get(file);
    if (!type) throw new AppError('not_found');
    const { resolve } = createRequire(import.meta.url);
    const body = await readFile(resolve(`swagger-ui-dist/${file}`));
    return reply.type(type).header('cache-control', 'public, max-age=3600').send(body);
  });
}
