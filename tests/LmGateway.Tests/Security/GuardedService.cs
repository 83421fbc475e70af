using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using LmGateway.Configuration;
using LmGateway.Security;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace LmGateway.Tests.Security;

/// <summary>A real server behind the door. Every route answers with who called; refusals are the code and the message as text.</summary>
internal sealed class GuardedService : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly WebApplication app;
    private readonly RecordedLog log;

    private GuardedService(WebApplication app, RecordedLog log)
    {
        this.app = app;
        this.log = log;
        Port = new Uri(app.Urls.First()).Port;
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false }) { BaseAddress = new Uri($"http://127.0.0.1:{Port}"), Timeout = Patience };
    }

    public int Port { get; }

    public HttpClient Client { get; }

    public IReadOnlyCollection<string> Log => log.Lines;

    public static Task<GuardedService> StartAsync(SecurityOptions security) => StartAsync(security, "127.0.0.1");

    public static async Task<GuardedService> StartAsync(SecurityOptions security, string bind)
    {
        var builder = WebApplication.CreateSlimBuilder();
        var recorded = new RecordedLog();
        builder.Logging.ClearProviders().AddProvider(recorded);
        builder.WebHost.UseUrls($"http://{bind}:0");
        builder.Services.AddSingleton(new KeyRing(new GatewayOptions { Security = security })).AddSingleton<StreamTickets>();
        builder.Services.AddSingleton(TimeProvider.System);
        var built = builder.Build();
        built.UseGatewaySecurity(new GatewayOptions { Security = security, Listen = new ListenOptions { Host = bind } }, RefuseAsync);
        built.Run(AnswerAsync);
        await built.StartAsync(TestContext.Current.CancellationToken);
        return new GuardedService(built, recorded);
    }

    /// <summary>Sends a request as it stands (the blank line is added) and returns the status line of the reply.</summary>
    public async Task<string?> SendRawAsync(params string[] lines)
    {
        using var deadline = new CancellationTokenSource(Patience);
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, Port, deadline.Token);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(string.Join("\r\n", lines) + "\r\n\r\n"), deadline.Token);
        using var reader = new StreamReader(stream);
        return await reader.ReadLineAsync(deadline.Token);
    }

    /// <summary>Sends a request with these headers, and with a body where one of them describes a body (an empty one does no more than that).</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers)
        {
            if (name.StartsWith("Content-", StringComparison.Ordinal)) request.Content ??= new ByteArrayContent("{}"u8.ToArray());
            if (value.Length > 0) Assert.True(request.Content?.Headers.TryAddWithoutValidation(name, value) is true || request.Headers.TryAddWithoutValidation(name, value));
        }

        return await Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.DisposeAsync();
    }

    private static Task RefuseAsync(HttpContext context, GatewayError error)
    {
        context.Response.StatusCode = error.Code switch
        {
            ErrorCode.Unauthorized => 401,
            ErrorCode.Forbidden => 403,
            ErrorCode.UnsupportedMediaType => 415,
            _ => 500,
        };
        return context.Response.WriteAsync($"{error.Code}: {error.Message}", context.RequestAborted);
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        var caller = CallerIdentity.Of(context);
        context.Response.StatusCode = context.Request.Path == "/fails" ? 500 : 200;
        await context.Response.WriteAsync($"{caller.Name} {caller.Address} ", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        await context.Response.WriteAsync(caller.Authenticated ? "authenticated" : "anonymous", context.RequestAborted);
    }

    private sealed class RecordedLog : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> lines = new();

        public IReadOnlyCollection<string> Lines => lines;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
