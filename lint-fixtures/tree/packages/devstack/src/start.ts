// expect: nothing
console.log(process.env.DATA_DIR);
