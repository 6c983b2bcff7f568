declare module "pgpass" {
  export default function pgpass(
    where: { host: string; port: number; user: string; database: string | undefined },
    done: (password: string | undefined) => void,
  ): void;
}
