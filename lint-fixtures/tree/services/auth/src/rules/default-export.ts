// expect: lint/style/noDefaultExport
export default function run(): void {}
