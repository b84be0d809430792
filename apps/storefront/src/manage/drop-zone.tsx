import { Progress } from '@base-ui/react/progress';
import { useState } from 'react';
import { useExplain } from '../i18n/i18n.js';
import { UploadIcon } from '../ui/icons.js';
import { Notice } from '../ui/notice.js';
import styles from './drop-zone.module.css';
import { upload } from './upload.js';
import { useWords } from './words.js';

interface DropZoneProps {
  path: string;
  uploaded: () => void;
}

interface Transfer {
  id: string;
  name: string;
  percent: number;
  error?: unknown;
}

export function DropZone({ path, uploaded }: DropZoneProps) {
  const t = useWords();
  const [over, setOver] = useState(false);
  const [transfers, setTransfers] = useState<Transfer[]>([]);
  const change = (id: string, changed: Partial<Transfer>) =>
    setTransfers((list) => list.map((transfer) => (transfer.id === id ? { ...transfer, ...changed } : transfer)));
  const take = async (file: File) => {
    const id = crypto.randomUUID();
    setTransfers((list) => [...list, { id, name: file.name, percent: 0 }]);
    try {
      await upload(path, file, (percent) => change(id, { percent }));
      setTransfers((list) => list.filter((transfer) => transfer.id !== id));
      uploaded();
    } catch (error) {
      change(id, { error });
    }
  };
  // Sequentially, because parallel uploads are not faster on a slow connection.
  const takeAll = async (files: FileList | null) => {
    for (const file of [...(files ?? [])]) await take(file);
  };
  return (
    <div className={styles.zone}>
      <label
        className={styles.label}
        data-over={over}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          void takeAll(event.dataTransfer.files);
        }}
      >
        <UploadIcon />
        <span>{t.drop}</span>
        <span className={styles.hint}>{t.dropHint}</span>
        <input
          className={styles.input}
          type="file"
          multiple
          accept="image/jpeg,image/png,image/webp,image/avif"
          onChange={({ target }) => {
            void takeAll(target.files).finally(() => (target.value = ''));
          }}
        />
      </label>
      {transfers.map((transfer) => (
        <TransferBar key={transfer.id} transfer={transfer} />
      ))}
    </div>
  );
}

function TransferBar({ transfer: { name, percent, error } }: { transfer: Transfer }) {
  const t = useWords();
  const explain = useExplain();
  if (error !== undefined)
    return (
      <Notice tone="bad">
        <p>
          {t.failedUpload(name)}. {explain(error)}
        </p>
      </Notice>
    );
  return (
    <Progress.Root value={percent}>
      <Progress.Label>{t.uploading(name, percent)}</Progress.Label>
      <Progress.Track className={styles.track}>
        <Progress.Indicator className={styles.bar} />
      </Progress.Track>
    </Progress.Root>
  );
}
