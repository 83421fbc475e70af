using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary>Answers one request.</summary>
internal delegate Task RouteHandler(HttpExchange exchange);

/// <summary>The routes by method and path. A route may end in <c>/*</c>, which takes the rest of the path, slashes included.</summary>
internal sealed class RouteTable
{
    private readonly Dictionary<string, RouteHandler> _exact = new(StringComparer.Ordinal);
    private readonly List<(string Method, string Prefix, RouteHandler Handler)> _prefixes = [];

    public void Add(string method, string path, RouteHandler handler)
    {
        if (path.EndsWith("/*", StringComparison.Ordinal)) _prefixes.Add((method, path[..^1], handler));
        else _exact.Add($"{method} {path}", handler);
    }

    /// <summary>The route of a request and the name it is counted by; a handler that answers "unexpected endpoint" when there is none.</summary>
    public (string Name, RouteHandler Handler) Find(string method, string path)
    {
        var name = $"{method} {path}";
        if (_exact.TryGetValue(name, out var handler)) return (name, handler);
        foreach (var (prefixMethod, prefix, prefixHandler) in _prefixes)
        {
            var fits = prefixMethod == method && path.Length > prefix.Length && path.StartsWith(prefix, StringComparison.Ordinal);
            if (fits) return ($"{method} {prefix}*", prefixHandler);
        }

        return ("unexpected", static exchange => throw HttpError.Unexpected(exchange.Method, exchange.Path));
    }

    /// <summary>All routes of the simulator.</summary>
    public static RouteTable For(SimulatedLmStudio studio)
    {
        var routes = new RouteTable();
        var conversations = new Conversations();
        GreetingRoutes.Map(routes);
        ModelListRoutes.Map(routes);
        ChatCompletionRoutes.Map(routes);
        CompletionRoutes.Map(routes);
        EmbeddingRoutes.Map(routes);
        new ResponsesRoutes(conversations).Map(routes);
        MessagesRoutes.Map(routes);
        NativeModelRoutes.Map(routes);
        NativeDownloadRoutes.Map(routes);
        new NativeChatRoutes(conversations).Map(routes);
        ControlRoutes.Map(routes);
        return routes;
    }
}
