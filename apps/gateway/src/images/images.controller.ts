import type { Readable } from 'node:stream';
import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query, Res, UseGuards } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { catalogRpc } from '@shop/contracts/catalog';
import { Image, ImageList, ImageOrder, ImageType } from '@shop/contracts/images';
import { Text } from '@shop/contracts/values';
import { currentContext, newRequestId, runInContext } from '@shop/rpc/context';
import { AppError } from '@shop/rpc/errors';
import { Rpc } from '@shop/rpc/rpc';
import type { FastifyReply } from 'fastify';
import * as z from 'zod';
import { Documented } from '../documented.js';
import { productKey, readId } from '../path-params.js';
import { Staff } from '../sessions/guards.js';
import { Uploads } from './uploads.js';

const UploadQuery = z.strictObject({
  alt: Text.trim()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: 'Alternative text; the name of the product by default' }),
});

@Controller('api')
@UseGuards(Staff)
export class ImagesController {
  constructor(
    private readonly rpc: Rpc,
    private readonly uploads: Uploads,
  ) {}

  @Post('products/:product/images')
  @HttpCode(202)
  @Documented({
    summary: 'Add an image to a product',
    description:
      'The body is the file, up to 20 MB; its bytes decide its type. It is processed later: see `status`. ' +
      'Uploading the same file for the same product again returns the same image.',
    answer: Image,
    answerHeaders: { Location: 'URL of its progress' },
    bodyTypes: ImageType.options,
  })
  async add(
    @Param('product') product: string,
    @Query({ schema: UploadQuery }) { alt }: z.infer<typeof UploadQuery>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Image> {
    const { request } = reply;
    // Before the body is read, which may take minutes.
    const { id } = await this.rpc.call(catalogRpc.findProduct, { product: productKey(product) });
    const length = request.headers['content-length'];
    const upload = await this.uploads.receive(
      request.body as Readable,
      length === undefined ? undefined : Number(length),
    );
    // With a deadline of its own: the upload may have used up that of the request.
    const context = { requestId: currentContext()?.requestId ?? newRequestId(), deadlineAt: Infinity };
    const image = await runInContext(context, () => this.rpc.call(catalogRpc.addImage, { product: id, upload, alt }));
    void reply.header('location', `/api/images/${image.id}`);
    return image;
  }

  @Get('products/:product/images')
  @Documented({ summary: 'The images of a product and their progress', answer: ImageList })
  list(@Param('product') product: string): Promise<ImageList> {
    return this.rpc.call(catalogRpc.listImages, { product: productKey(product) });
  }

  @Put('products/:product/images')
  @Documented({
    summary: 'Order the images of a product',
    description: 'Returns all of them. Images that are not listed follow in their previous order.',
    answer: ImageList,
    example: { ids: ['01900000-0000-7000-8000-0000000000b1'] },
  })
  order(
    @Param('product') product: string,
    @Body({ schema: ImageOrder }) { ids }: z.infer<typeof ImageOrder>,
  ): Promise<ImageList> {
    return this.rpc.call(catalogRpc.orderImages, { product: productKey(product), ids });
  }

  @Get('images/:id')
  @Documented({ summary: 'An image and its progress', answer: Image })
  get(@Param('id') id: string): Promise<Image> {
    return this.rpc.call(catalogRpc.getImage, { id: readId('image', id) });
  }

  @Delete('images/:id')
  @HttpCode(204)
  @Documented({ summary: 'Remove an image from its product' })
  async remove(@Param('id') text: string): Promise<void> {
    const { id } = await this.get(text);
    await this.rpc.call(catalogRpc.removeImage, { id });
  }
}

/** Internal content type of an upload, whatever type the client sends. */
const UPLOAD_TYPE = 'application/vnd.shop.image';
const UPLOAD_ROUTE = '/api/products/:product/images';

/** Passes the body of this route on as a stream: it is not buffered, and Uploads limits its size. */
export function streamUploads(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addContentTypeParser(UPLOAD_TYPE, (request, payload, done) => {
    if (request.routeOptions.url === UPLOAD_ROUTE) done(null, payload);
    else done(new AppError('unsupported_media_type', 'The body must be application/json.'));
  });
  fastify.addHook('onRoute', (route) => {
    if (route.url !== UPLOAD_ROUTE || route.method !== 'POST') return;
    route.onRequest = (request, _reply, done) => {
      request.headers['content-type'] = UPLOAD_TYPE;
      done();
    };
  });
}
