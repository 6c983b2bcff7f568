// In place of light-my-request in the bundle, where nothing injects requests.
export default function inject() {
  throw new Error("requests come over the wire");
}
