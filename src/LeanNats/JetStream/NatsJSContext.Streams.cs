using System.Runtime.CompilerServices;
using LeanNats.JetStream.Models;
using static LeanNats.JetStream.JetStreamJson;

namespace LeanNats.JetStream;

public sealed partial class NatsJSContext
{
    /// <summary>
    /// Makes a stream; one that exists with the same settings is taken as it is. Servers ignore settings that are newer than they are:
    /// compare <see cref="NatsJSStream.Info"/> where that matters.
    /// </summary>
    public ValueTask<NatsJSStream> CreateStreamAsync(StreamConfig config, CancellationToken cancellationToken = default) =>
        PutStreamAsync("CREATE", config, cancellationToken);

    /// <summary>Changes the settings of a stream.</summary>
    public ValueTask<NatsJSStream> UpdateStreamAsync(StreamConfig config, CancellationToken cancellationToken = default) =>
        PutStreamAsync("UPDATE", config, cancellationToken);

    /// <summary>Changes the settings of a stream, or makes it.</summary>
    public async ValueTask<NatsJSStream> CreateOrUpdateStreamAsync(StreamConfig config, CancellationToken cancellationToken = default)
    {
        try
        {
            return await UpdateStreamAsync(config, cancellationToken).ConfigureAwait(false);
        }
        catch (NatsJSApiException e) when (e.Error.ErrCode == JSErrCode.StreamNotFound)
        {
            return await CreateStreamAsync(config, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A stream that exists. With a filter its state counts the messages of each matching subject.</summary>
    public async ValueTask<NatsJSStream> GetStreamAsync(string stream, string? subjectsFilter = null, CancellationToken cancellationToken = default) =>
        new(this, await GetStreamInfoAsync(stream, subjectsFilter, cancellationToken).ConfigureAwait(false));

    /// <summary>Deletes a stream with all it holds.</summary>
    public async ValueTask DeleteStreamAsync(string stream, CancellationToken cancellationToken = default)
    {
        CheckName(stream, nameof(stream));
        await AskAsync($"STREAM.DELETE.{stream}", default, Context.SuccessResponse, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes messages and tells how many. Without a request, all.</summary>
    public async ValueTask<ulong> PurgeStreamAsync(string stream, StreamPurgeRequest? request = null, CancellationToken cancellationToken = default)
    {
        CheckName(stream, nameof(stream));
        var body = Write(request ?? new StreamPurgeRequest(), Context.StreamPurgeRequest);
        var answer = await AskAsync($"STREAM.PURGE.{stream}", body, Context.SuccessResponse, cancellationToken).ConfigureAwait(false);
        return answer.Purged;
    }

    /// <summary>Every stream, or those that keep a subject.</summary>
    public async IAsyncEnumerable<NatsJSStream> ListStreamsAsync(
        string? subject = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (var offset = 0L; ;)
        {
            var body = Write(new ListRequest(offset, subject), Context.ListRequest);
            var page = await AskAsync("STREAM.LIST", body, Context.StreamListResponse, cancellationToken).ConfigureAwait(false);
            foreach (var info in page.Streams ?? []) yield return new NatsJSStream(this, info);
            offset += page.Streams?.Count ?? 0;
            if (page.Streams is not { Count: > 0 } || offset >= page.Total) yield break;
        }
    }

    /// <summary>The names of every stream, or of those that keep a subject.</summary>
    public async IAsyncEnumerable<string> ListStreamNamesAsync(
        string? subject = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (var offset = 0L; ;)
        {
            var body = Write(new ListRequest(offset, subject), Context.ListRequest);
            var page = await AskAsync("STREAM.NAMES", body, Context.StreamNamesResponse, cancellationToken).ConfigureAwait(false);
            foreach (var name in page.Streams ?? []) yield return name;
            offset += page.Streams?.Count ?? 0;
            if (page.Streams is not { Count: > 0 } || offset >= page.Total) yield break;
        }
    }

    /// <summary>Deletes one message. With <paramref name="erase"/> its bytes are overwritten too.</summary>
    public async ValueTask DeleteMessageAsync(string stream, ulong seq, bool erase = false, CancellationToken cancellationToken = default)
    {
        CheckName(stream, nameof(stream));
        var body = Write(new StreamMsgDeleteRequest(seq, erase ? null : true), Context.StreamMsgDeleteRequest);
        await AskAsync($"STREAM.MSG.DELETE.{stream}", body, Context.SuccessResponse, cancellationToken).ConfigureAwait(false);
    }

    internal async ValueTask<StreamInfo> GetStreamInfoAsync(string stream, string? subjectsFilter, CancellationToken cancellationToken)
    {
        CheckName(stream, nameof(stream));
        var subjects = new Dictionary<string, ulong>(StringComparer.Ordinal);
        while (true)
        {
            var body = subjectsFilter is null ? [] : Write(new StreamInfoRequest(subjectsFilter, subjects.Count), Context.StreamInfoRequest);
            var page = await AskAsync($"STREAM.INFO.{stream}", body, Context.StreamInfoResponse, cancellationToken).ConfigureAwait(false);
            var info = page.ToInfo();
            if (subjectsFilter is null) return info;
            var before = subjects.Count;
            foreach (var (subject, count) in info.State.Subjects ?? subjects.ToDictionary()) subjects[subject] = count;
            if (subjects.Count == before || subjects.Count >= page.Total) return info with { State = info.State with { Subjects = subjects } };
        }
    }

    private async ValueTask<NatsJSStream> PutStreamAsync(string operation, StreamConfig config, CancellationToken cancellationToken)
    {
        CheckName(config.Name, nameof(config));
        var body = Write(config, Context.StreamConfig);
        var answer = await AskAsync($"STREAM.{operation}.{config.Name}", body, Context.StreamInfoResponse, cancellationToken).ConfigureAwait(false);
        return new NatsJSStream(this, answer.ToInfo());
    }
}
