using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

// The parsers and splicers of the hot path by themselves, with what they allocate: bench/run micro [FILTER].
var job = Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance);
var configuration = DefaultConfig.Instance.AddJob(job).AddDiagnoser(MemoryDiagnoser.Default).HideColumns(Column.Error, Column.StdDev, Column.RatioSD);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, configuration);
