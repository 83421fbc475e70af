using System.Runtime.CompilerServices;
using LeanNats.JetStream.Models;
using static LeanNats.JetStream.JetStreamJson;

namespace LeanNats.JetStream;

public sealed partial class NatsJSContext
{
    /// <summary>Makes a pull consumer; one that exists with the same settings is taken as it is.</summary>
    public ValueTask<NatsJSConsumer> CreateConsumerAsync(string stream, ConsumerConfig config, CancellationToken cancellationToken = default) =>
        PutConsumerAsync(stream, config, "create", cancellationToken);

    /// <summary>Changes a pull consumer, or makes it.</summary>
    public ValueTask<NatsJSConsumer> CreateOrUpdateConsumerAsync(string stream, ConsumerConfig config, CancellationToken cancellationToken = default) =>
        PutConsumerAsync(stream, config, null, cancellationToken);

    /// <summary>Changes a pull consumer. Servers before 2.10 make one that does not exist.</summary>
    public ValueTask<NatsJSConsumer> UpdateConsumerAsync(string stream, ConsumerConfig config, CancellationToken cancellationToken = default) =>
        PutConsumerAsync(stream, config, "update", cancellationToken);

    /// <summary>A consumer that exists.</summary>
    public async ValueTask<NatsJSConsumer> GetConsumerAsync(string stream, string consumer, CancellationToken cancellationToken = default) =>
        new(this, await GetConsumerInfoAsync(stream, consumer, cancellationToken).ConfigureAwait(false));

    /// <summary>Deletes a consumer.</summary>
    public async ValueTask DeleteConsumerAsync(string stream, string consumer, CancellationToken cancellationToken = default)
    {
        CheckName(stream, nameof(stream));
        CheckName(consumer, nameof(consumer));
        await AskAsync($"CONSUMER.DELETE.{stream}.{consumer}", default, Context.SuccessResponse, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The consumers of a stream.</summary>
    public async IAsyncEnumerable<NatsJSConsumer> ListConsumersAsync(
        string stream, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        CheckName(stream, nameof(stream));
        for (var offset = 0L; ;)
        {
            var body = Write(new ListRequest(offset), Context.ListRequest);
            var page = await AskAsync($"CONSUMER.LIST.{stream}", body, Context.ConsumerListResponse, cancellationToken).ConfigureAwait(false);
            foreach (var info in page.Consumers ?? []) yield return new NatsJSConsumer(this, info);
            offset += page.Consumers?.Count ?? 0;
            if (page.Consumers is not { Count: > 0 } || offset >= page.Total) yield break;
        }
    }

    /// <summary>
    /// A consumer that reads a stream in order and without acknowledgements, and that is made anew where it was whenever messages might be
    /// missing. It is made at once: <see cref="NatsJSOrderedConsumer.Info"/> tells how much there is to read.
    /// </summary>
    public async ValueTask<NatsJSOrderedConsumer> CreateOrderedConsumerAsync(
        string stream, NatsJSOrderedConsumerOpts? opts = null, CancellationToken cancellationToken = default)
    {
        CheckName(stream, nameof(stream));
        var consumer = new NatsJSOrderedConsumer(this, stream, opts ?? new NatsJSOrderedConsumerOpts());
        await consumer.CreateAsync(cancellationToken).ConfigureAwait(false);
        return consumer;
    }

    internal async ValueTask<ConsumerInfo> GetConsumerInfoAsync(string stream, string consumer, CancellationToken cancellationToken)
    {
        CheckName(stream, nameof(stream));
        CheckName(consumer, nameof(consumer));
        var answer = await AskAsync($"CONSUMER.INFO.{stream}.{consumer}", default, Context.ConsumerInfoResponse, cancellationToken)
            .ConfigureAwait(false);
        return answer.ToInfo();
    }

    internal async ValueTask<ConsumerInfo> PutConsumerInfoAsync(
        string stream, ConsumerConfig config, string? action, CancellationToken cancellationToken)
    {
        CheckName(stream, nameof(stream));
        var name = config.Name ?? config.DurableName ?? Nuid.Next();
        CheckName(name, nameof(config));
        var body = Write(new ConsumerCreateRequest(stream, config with { Name = name }, action), Context.ConsumerCreateRequest);
        var info = (await AskAsync($"CONSUMER.CREATE.{stream}.{name}", body, Context.ConsumerInfoResponse, cancellationToken).ConfigureAwait(false))
            .ToInfo();
        if ((config.FilterSubjects?.Count ?? 0) <= (info.Config.FilterSubjects?.Count ?? 0)) return info;
        await DeleteConsumerAsync(stream, name, cancellationToken).ConfigureAwait(false);
        throw new NatsJSException("The server is too old for a consumer with several filter subjects.");
    }

    private async ValueTask<NatsJSConsumer> PutConsumerAsync(string stream, ConsumerConfig config, string? action, CancellationToken cancellationToken) =>
        new(this, await PutConsumerInfoAsync(stream, config, action, cancellationToken).ConfigureAwait(false));
}
