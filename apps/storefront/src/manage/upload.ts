// Uploads a file with progress. Uses XMLHttpRequest, because fetch does not report upload progress.
import type { Image } from '@shop/contracts/images';
import { ApiError, errorOf } from '../api/client.js';

export function upload(path: string, file: File, tell: (percent: number) => void): Promise<Image> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    request.setRequestHeader('content-type', file.type || 'application/octet-stream');
    request.upload.onprogress = ({ loaded, total }) => tell(Math.round((100 * loaded) / total));
    request.onerror = () => reject(new ApiError('offline'));
    request.onload = () => {
      if (request.status === 202) return resolve(JSON.parse(request.responseText) as Image);
      const { status, responseText } = request;
      void errorOf(new Response(responseText, { status })).then(reject);
    };
    request.send(file);
  });
}
