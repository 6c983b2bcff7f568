// What stays in this browser: protected key files, if the user wants it, and how far journals were read.

const NAME = "seal-page";
const STORES = ["keys", "cursors"] as const;
type Store = (typeof STORES)[number];

async function database(): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    for (const store of STORES) request.result.createObjectStore(store);
  };
  return answerOf(request);
}

function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function within<T>(store: Store, mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>) {
  const opened = await database();
  try {
    const transaction = opened.transaction(store, mode, { durability: "strict" });
    const done = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    const answer = await answerOf(work(transaction.objectStore(store)));
    await done;
    return answer;
  } finally {
    opened.close();
  }
}

export function put(store: Store, name: string, value: unknown): Promise<unknown> {
  return within(store, "readwrite", (inside) => inside.put(value, name));
}

/** undefined where there is none. */
export function get(store: Store, name: string): Promise<unknown> {
  return within(store, "readonly", (inside) => inside.get(name));
}

export function all(store: Store): Promise<unknown[]> {
  return within(store, "readonly", (inside) => inside.getAll());
}

export async function remove(store: Store, name: string): Promise<void> {
  await within(store, "readwrite", (inside) => inside.delete(name));
}
