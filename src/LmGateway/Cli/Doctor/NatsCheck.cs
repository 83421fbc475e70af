using LmGateway.Configuration;

namespace LmGateway.Cli.Doctor;

/// <summary>The NATS servers: one that answers is enough.</summary>
internal sealed class NatsCheck(NatsOptions options, Neighbours neighbours)
{
    private const string Check = "NATS";
    private const int UsualPort = 4222;

    public async Task<Finding> RunAsync(CancellationToken cancellationToken)
    {
        if (!options.IsOn) return Finding.Ok(Check, "Is off.");
        var shown = NatsServerList.Masked(options.Url);
        var isThere = false;
        foreach (var server in options.Url.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var address = new Uri(server.Contains("://", StringComparison.Ordinal) ? server : "nats://" + server);
            var greeting = await neighbours.GreetingAsync(address.Host, address.Port > 0 ? address.Port : UsualPort, cancellationToken);
            if (greeting?.StartsWith("INFO", StringComparison.Ordinal) == true) return Finding.Ok(Check, $"A server answers at {NatsServerList.Masked(server)}.");

            // One that encrypts before anything else says nothing by itself.
            if (greeting is { Length: 0 } && options.TlsMode == NatsTlsUse.Implicit) return Finding.Ok(Check, $"Something takes connections at {NatsServerList.Masked(server)}.");
            isThere |= greeting is not null;
        }

        if (isThere) return new Finding(Check, FindingLevel.Problem, "nats_wrong_port", $"What answers at {shown} is not a NATS server.", "Set NATS_URL to the server's address (its own port is 4222), or NATS_URL= for none");
        return options.IsConfigured
            ? new Finding(Check, FindingLevel.Problem, "nats_down", $"No NATS server answers at {shown}.", "Start one: nats-server -js, or lmgateway serve --nats-server; or correct NATS_URL, or set NATS_URL= for none")
            : Finding.Ok(Check, $"No server at {shown}, and none was asked for.");
    }
}
