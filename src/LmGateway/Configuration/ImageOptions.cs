namespace LmGateway.Configuration;

internal sealed record ImageOptions
{
    [Setting("images.fetch_remote", "Fetch images that OpenAI requests name by address, for backends that take only data: from public addresses, 20 MiB and 10 s for a request. Off, such a request is refused.")]
    public bool FetchRemote { get; init; }
}
