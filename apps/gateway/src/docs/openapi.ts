// The description of the API, made from the schemas that requests are checked with. Loaded when somebody asks for it.
import type { INestApplication, Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import {
  ApiBody,
  ApiConsumes,
  ApiExtension,
  ApiHeader,
  ApiOperation,
  ApiParam,
  ApiProduces,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { Problem, problems, type ProblemCode } from '@shop/contracts/problems';
import * as z from 'zod';
import { documentationOf, type Documentation } from './documented.js';
import { examples } from './openapi-examples.js';

/** Where `complete` finds what Nest's decorators have no place for. */
const EXTENSION = 'x-documentation';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']> & {
  [EXTENSION]?: Pick<Documentation, 'access' | 'refuses' | 'example'>;
};
type Responses = Operation['responses'];
type Response = Exclude<Responses[string], { $ref: string } | undefined>;

const FILE = { type: 'string', format: 'binary' };

/** Cookies of this name; under TLS it is __Host-session. */
const COOKIE = 'session';

/** Describes every route of `app` that is @Documented. */
export function describeApi(app: INestApplication): OpenAPIObject {
  for (const { controllers } of app.get(ModulesContainer).values())
    for (const { metatype } of controllers.values()) decorate(metatype as Type);
  const frame = new DocumentBuilder()
    .setOpenAPIVersion('3.0.3')
    .setTitle('Shop')
    .setDescription(
      'Money is in cents, times are UTC, lists go on at `nextCursor`. Errors are `application/problem+json`.',
    )
    .setVersion('1')
    .addServer('/')
    .addCookieAuth(COOKIE, { type: 'apiKey', in: 'cookie', description: 'Set by logging in' }, COOKIE)
    .build();
  const document = SwaggerModule.createDocument(app, frame, {
    standardSchemaConverter: convert,
    operationIdFactory: (controller, method) => `${controller.replace('Controller', '').toLowerCase()}_${method}`,
  });
  const components = (document.components ??= {});
  const { components: ofProblem } = convert(Problem, { schemaType: 'output' })!;
  components.schemas = { ...components.schemas, ...ofProblem };
  for (const [name, example] of Object.entries(examples)) Object.assign(components.schemas[name] ?? {}, { example });
  components.headers = {
    RequestId: { description: 'Names this request in our logs', schema: { type: 'string' } },
    RetryAfter: { description: 'Seconds until trying again makes sense', schema: { type: 'integer' } },
  };
  for (const [path, operations] of Object.entries(document.paths) as [string, Record<string, Operation>][]) {
    // Pages of others' making are no part of the API.
    if (!Object.values(operations).some((operation) => operation[EXTENSION])) delete document.paths[path];
    for (const [method, operation] of Object.entries(operations)) complete(method, operation);
  }
  return document;
}

/** Tells Nest's explorer what @Documented says. */
function decorate(controller: Type): void {
  ApiTags(controller.name.replace('Controller', '').toLowerCase())(controller);
  const { prototype } = controller as { prototype: object };
  for (const [name, method] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    const documentation = documentationOf(method.value as object);
    if (documentation) for (const decorator of decoratorsOf(documentation)) decorator(prototype, name, method);
  }
}

function decoratorsOf({ summary, description, status = 200, answer, ...rest }: Documentation): MethodDecorator[] {
  const {
    mediaType,
    answerHeaders = {},
    params = {},
    headers = {},
    notModified,
    access,
    refuses,
    bodyTypes,
    example,
  } = rest;
  return [
    ApiOperation({ summary, description }),
    ApiResponse({
      status,
      description: status === 204 ? 'Done' : status === 202 ? 'Accepted' : 'Success',
      ...(answer ? { standardSchema: answer } : mediaType ? { schema: FILE } : {}),
      headers: Object.fromEntries(
        Object.entries(answerHeaders).map(([name, text]) => [name, { description: text, schema: { type: 'string' } }]),
      ),
    }),
    ...(mediaType ? [ApiProduces(mediaType)] : []),
    ...(bodyTypes ? [ApiConsumes(...bodyTypes), ApiBody({ schema: FILE })] : []),
    ...(notModified ? [ApiResponse({ status: 304, description: 'What you have is current' })] : []),
    ...Object.entries(params).map(([name, param]) => ApiParam({ name, ...param, schema: { type: 'string' } })),
    ...Object.entries(headers).map(([name, header]) => ApiHeader({ name, ...header })),
    ApiExtension(EXTENSION, { access, refuses, example }),
  ];
}

/** A zod schema with an id becomes a component, any other is written where it is used. */
function convert(schema: unknown, { schemaType }: { schemaType: 'input' | 'output' }) {
  if (!(schema instanceof z.ZodType)) return undefined;
  const { definitions = {}, ...own } = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: schemaType,
    override: ({ jsonSchema }) => {
      // The format says it better, and a safe integer is what every JSON number is.
      if (jsonSchema.format) delete jsonSchema.pattern;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      // Answers may grow; clients must not refuse what they do not know.
      if (schemaType === 'output') delete jsonSchema.additionalProperties;
    },
  });
  return { schema: own, components: definitions as Record<string, object> };
}

/** Adds what follows from the method, the body and the access of a route. */
function complete(method: string, operation: Operation): void {
  const { access, refuses = [], example } = operation[EXTENSION] ?? {};
  delete operation[EXTENSION];
  if (access) operation.security = [{ [COOKIE]: [] }];
  const body = operation.requestBody;
  if (body && 'content' in body && example) body.content['application/json']!.example = example;
  const hasQuery = operation.parameters?.some((parameter) => 'in' in parameter && parameter.in === 'query');
  const all: ProblemCode[] = [
    ...refuses,
    ...(body || hasQuery ? (['invalid_request'] as const) : []),
    ...(body ? (['payload_too_large', 'unsupported_media_type'] as const) : []),
    ...(access ? (['login_required'] as const) : []),
    ...(access === 'staff' || method !== 'get' ? (['forbidden'] as const) : []),
    'internal',
    'unavailable',
    'overloaded',
  ];
  for (const code of new Set(all)) addProblem(operation.responses, code);
  for (const response of Object.values(operation.responses) as Response[])
    response.headers = { ...response.headers, 'X-Request-Id': { $ref: '#/components/headers/RequestId' } };
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
  const value = {
    type: 'about:blank',
    title,
    status,
    code,
    detail: title,
    requestId: '01900000-0000-7000-8000-0000000000ff',
  };
  response.content!['application/problem+json']!.examples![code] = { value };
}
