import type { Readable } from 'node:stream';
import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query, Req, Res, UseGuards } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { catalogRpc } from '@shop/contracts/catalog';
import { Image, ImageList, ImageOrder, ImageType } from '@shop/contracts/images';
import { Text } from '@shop/contracts/values';
import { currentContext, newRequestId, runInContext } from '@shop/rpc/context';
import { AppError } from '@shop/rpc/errors';
import { Rpc } from '@shop/rpc/rpc';
import type { FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { Documented, imageParam, productParam } from '../docs/documented.js';
import { Staff } from '../sessions/guards.js';
import { productKey, readId } from '../path-params.js';
import { Uploads } from './uploads.js';

const UploadQuery = z.strictObject({
  alt: Text.trim()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: 'What it shows; the name of the product unless said' }),
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
    summary: 'Add a picture to a product',
    description:
      'The body is the file, up to 20 MB; what it is shows by its bytes. It is processed afterwards: see `status`. ' +
      'The same file on the same product again is the same image.',
    status: 202,
    answer: Image,
    answerHeaders: { Location: 'Where its progress is' },
    access: 'staff',
    params: productParam,
    bodyTypes: ImageType.options,
    refuses: ['not_found'],
  })
  async add(
    @Param('product') product: string,
    @Query({ schema: UploadQuery }) { alt }: z.infer<typeof UploadQuery>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Image> {
    // Before the body is read, which may be long.
    const { id } = await this.rpc.call(catalogRpc.findProduct, { product: productKey(product) });
    const length = request.headers['content-length'];
    const upload = await this.uploads.receive(
      request.body as Readable,
      length === undefined ? undefined : Number(length),
    );
    // However long that took, this has its own time.
    const context = { requestId: currentContext()?.requestId ?? newRequestId(), deadlineAt: Infinity };
    const image = await runInContext(context, () => this.rpc.call(catalogRpc.addImage, { product: id, upload, alt }));
    void reply.header('location', `/api/images/${image.id}`);
    return image;
  }

  @Get('products/:product/images')
  @Documented({
    summary: 'The pictures of a product and how far they are',
    answer: ImageList,
    access: 'staff',
    params: productParam,
    refuses: ['not_found'],
  })
  list(@Param('product') product: string): Promise<ImageList> {
    return this.rpc.call(catalogRpc.listImages, { product: productKey(product) });
  }

  @Put('products/:product/images')
  @Documented({
    summary: 'Put the pictures of a product in order',
    description: 'Answers all of them. Those that are not named follow in the order they had.',
    answer: ImageList,
    access: 'staff',
    params: productParam,
    refuses: ['not_found'],
    example: { ids: ['01900000-0000-7000-8000-0000000000b1'] },
  })
  order(
    @Param('product') product: string,
    @Body({ schema: ImageOrder }) { ids }: z.infer<typeof ImageOrder>,
  ): Promise<ImageList> {
    return this.rpc.call(catalogRpc.orderImages, { product: productKey(product), ids });
  }

  @Get('images/:id')
  @Documented({
    summary: 'A picture and how far it is',
    answer: Image,
    access: 'staff',
    params: imageParam,
    refuses: ['not_found'],
  })
  get(@Param('id') id: string): Promise<Image> {
    return this.rpc.call(catalogRpc.getImage, { id: readId('image', id) });
  }

  @Delete('images/:id')
  @HttpCode(204)
  @Documented({
    summary: 'Remove a picture from its product',
    status: 204,
    access: 'staff',
    params: imageParam,
    refuses: ['not_found'],
  })
  async remove(@Param('id') text: string): Promise<void> {
    const { id } = await this.get(text);
    await this.rpc.call(catalogRpc.removeImage, { id });
  }
}

/** How the body of an upload is called in here, whatever its client calls it. */
const PICTURE = 'application/vnd.shop.picture';
const UPLOAD = '/api/products/:product/images';

/** Of this one route the body is passed on as the stream it is, neither collected nor parsed, and limited by itself. */
export function streamPictures(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addContentTypeParser(PICTURE, (request, payload, done) => {
    if (request.routeOptions.url === UPLOAD) done(null, payload);
    else done(new AppError('unsupported_media_type', 'The body must be application/json.'));
  });
  fastify.addHook('onRoute', (route) => {
    if (route.url !== UPLOAD || route.method !== 'POST') return;
    route.onRequest = (request, _reply, done) => {
      request.headers['content-type'] = PICTURE;
      done();
    };
  });
}
