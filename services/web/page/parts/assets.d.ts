declare module "*.svg?url" {
  const url: string;
  // biome-ignore lint/style/noDefaultExport: how vite gives the address of a file
  export default url;
}
declare module "*.css";
declare module "emojilib/dist/emoji-en-US.json" {
  const keywords: Readonly<Record<string, readonly string[]>>;
  // biome-ignore lint/style/noDefaultExport: how a JSON file is imported
  export default keywords;
}
