// Builds the OpenAPI description from the routes and the schemas that requests are validated with. Loaded on first use.
import { RequestMethod, type INestApplication, type Type } from '@nestjs/common';
import { GUARDS_METADATA, HTTP_CODE_METADATA, METHOD_METADATA } from '@nestjs/common/constants.js';
import { ModulesContainer } from '@nestjs/core';
import { ApiBody, ApiConsumes, ApiExtension, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { Problem, problems, type ProblemCode } from '@shop/contracts/problems';
import * as z from 'zod';
import { documentationOf, type Documentation } from '../documented.js';
import { LoggedIn, Staff } from '../sessions/guards.js';
import { addExamples, ID } from './examples.js';

/** Carries what @Documented says through Nest's scan to `complete`. */
const EXTENSION = 'x-documentation';

type Route = Documentation & { access?: 'customer' | 'staff' };
type Operation = NonNullable<OpenAPIObject['paths'][string]['get']> & { [EXTENSION]?: Route };
type Responses = Operation['responses'];
type Response = Exclude<Responses[string], { $ref: string } | undefined>;

const FILE = { type: 'string', format: 'binary' };
const TEXT = { type: 'string' } as const;

/** The name of the cookie; under TLS it is __Host-session. */
const COOKIE = 'session';

/** Describes the routes of `app` that are @Documented. */
export function describeApi(app: INestApplication): OpenAPIObject {
  for (const { controllers } of app.get(ModulesContainer).values())
    for (const { metatype } of controllers.values()) decorate(metatype as Type);
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.0.3')
    .setTitle('Shop')
    .setDescription(
      'Money is in cents and times are in UTC. Lists continue at `nextCursor`. Errors are `application/problem+json`.',
    )
    .setVersion('1')
    .addServer('/')
    .addCookieAuth(COOKIE, { type: 'apiKey', in: 'cookie', description: 'Set by logging in' }, COOKIE)
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    standardSchemaConverter: convert,
    operationIdFactory: (controller, method) => `${controller.replace('Controller', '').toLowerCase()}_${method}`,
  });
  const components = (document.components ??= {});
  addExamples((components.schemas ??= {}));
  Object.assign(components.schemas, convert(Problem, { schemaType: 'output' })!.components);
  components.headers = {
    RequestId: { description: 'Identifies this request in the logs', schema: TEXT },
    RetryAfter: { description: 'Seconds to wait before a retry', schema: { type: 'integer' } },
  };
  for (const [path, operations] of Object.entries(document.paths) as [string, Record<string, Operation>][])
    for (const [method, operation] of Object.entries(operations)) {
      const route = operation[EXTENSION];
      delete operation[EXTENSION];
      if (route) complete(operation, route, method, path);
      // The page of the queues is not part of the API.
      else delete document.paths[path];
    }
  return document;
}

/** Passes the response schemas of a controller's routes to Nest's scan. */
function decorate(controller: Type): void {
  ApiTags(controller.name.replace('Controller', '').toLowerCase())(controller);
  const { prototype } = controller as { prototype: object };
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    const handler = descriptor.value as object;
    const documentation = documentationOf(handler);
    if (!documentation) continue;
    const { answer, mediaType, bodyTypes, ...route } = documentation;
    const isPost = Reflect.getMetadata(METHOD_METADATA, handler) === RequestMethod.POST;
    const status = (Reflect.getMetadata(HTTP_CODE_METADATA, handler) as number | undefined) ?? (isPost ? 201 : 200);
    const guards = [controller, handler].flatMap((on) => (Reflect.getMetadata(GUARDS_METADATA, on) ?? []) as unknown[]);
    const access = guards.includes(Staff) ? 'staff' : guards.includes(LoggedIn) ? 'customer' : undefined;
    const body = answer ? { standardSchema: answer } : mediaType ? { schema: FILE } : {};
    const description = status === 204 ? 'Done' : status === 202 ? 'Accepted' : 'Success';
    for (const decorator of [
      ApiResponse({ status, description, ...body }),
      ...(mediaType ? [ApiProduces(mediaType)] : []),
      ...(bodyTypes ? [ApiConsumes(...bodyTypes), ApiBody({ schema: FILE })] : []),
      ApiExtension(EXTENSION, { ...route, access }),
    ])
      decorator(prototype, name, descriptor);
  }
}

/** A zod schema with an id becomes a component; others are inlined. */
function convert(schema: unknown, { schemaType }: { schemaType: 'input' | 'output' }) {
  if (!(schema instanceof z.ZodType)) return undefined;
  const { definitions = {}, ...own } = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: schemaType,
    override: ({ jsonSchema }) => {
      // Redundant next to a format, and true of every JSON number.
      if (jsonSchema.format) delete jsonSchema.pattern;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      // New fields in responses must not break generated clients.
      if (schemaType === 'output') delete jsonSchema.additionalProperties;
    },
  });
  return { schema: own, components: definitions as Record<string, object> };
}

/** Adds the route's documentation and the problems that follow from its method, path, body and guards. */
function complete(operation: Operation, route: Route, method: string, path: string): void {
  const { summary, description, answerHeaders = {}, headers = {}, notModified, refuses = [], access, example } = route;
  Object.assign(operation, { summary, description });
  if (access) operation.security = [{ [COOKIE]: [] }];

  const parameters = (operation.parameters ?? []).flatMap((parameter) => ('in' in parameter ? [parameter] : []));
  for (const parameter of parameters.filter((each) => each.in === 'path'))
    Object.assign(parameter, describeParameter(parameter.name, path));
  operation.parameters = [
    ...parameters.filter((each) => each.in !== 'header'),
    ...Object.entries(headers).map(([name, header]) => ({ name, in: 'header' as const, ...header, schema: TEXT })),
  ];
  const body = operation.requestBody;
  if (body && 'content' in body && example) body.content['application/json']!.example = example;

  const success = Object.values(operation.responses)[0] as Response;
  success.headers = Object.fromEntries(
    Object.entries(answerHeaders).map(([name, text]) => [name, { description: text, schema: TEXT }]),
  );
  if (notModified) operation.responses[304] = { description: 'The copy is current' };
  const all: ProblemCode[] = [
    ...refuses,
    ...(path.includes('{') ? (['not_found'] as const) : []),
    ...(body || parameters.some((each) => each.in === 'query') ? (['invalid_request'] as const) : []),
    ...(body ? (['payload_too_large', 'unsupported_media_type'] as const) : []),
    ...(access ? (['login_required'] as const) : []),
    ...(access === 'staff' || method !== 'get' ? (['forbidden'] as const) : []),
    ...(['internal', 'unavailable', 'overloaded'] as const),
  ];
  for (const code of new Set(all)) addProblem(operation.responses, code);
  for (const response of Object.values(operation.responses) as Response[])
    response.headers = { ...response.headers, 'X-Request-Id': { $ref: '#/components/headers/RequestId' } };
}

function describeParameter(name: string, path: string): { description: string; example: string } {
  const [, collection = ''] = /(\w+)s\/\{id\}/.exec(path) ?? [];
  if (name === 'id') return { description: `Id of the ${collection}`, example: ID };
  if (name === 'product') return { description: 'Id or slug of the product', example: 'walnut-desk' };
  if (name === 'image') return { description: 'Name of the image', example: '4f1ac1b0a2d3e4f5' };
  return { description: `Name of the ${name}`, example: '0a1b2c3d4e5f6071.webp' };
}

function addProblem(responses: Responses, code: ProblemCode): void {
  const { status, title } = problems[code];
  const response = (responses[status] ??= {
    description: '',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, examples: {} } },
  }) as Response;
  response.description = response.description ? `${response.description}; ${title}` : title;
  if (status === 503 || status === 429)
    response.headers = { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } };
  const value = { type: 'about:blank', title, status, code, detail: title, requestId: ID };
  response.content!['application/problem+json']!.examples![code] = { value };
}
