declare module "*.svg?url" {
  const url: string;
  // biome-ignore lint/style/noDefaultExport: how vite gives the address of a file
  export default url;
}
declare module "*.css";
